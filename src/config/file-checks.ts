import { secretVariable } from './names.ts'
import { namesPrivateHost } from './networks.ts'
import type { Path } from './positions.ts'
import type { Settings } from './schema.ts'
import { type Contradiction, type Source, variableOf } from './source.ts'

/** What cannot be together, or is missing, in the sections of all but registries. */
export function fileContradictionsIn(settings: Settings, source: Source): Contradiction[] {
  return [...checkGo(settings.go), ...checkTokens(settings, source), ...checkGit(settings.git)]
}

function checkGo({ verify, sumdb, upstream }: Settings['go']): Contradiction[] {
  const found: Contradiction[] = []
  if (upstream.length === 0) {
    const message = 'must hold at least one; leave it out for the shipped list'
    found.push({ path: ['go', 'upstream'], message })
  }
  if (verify === 'sumdb' && sumdb.length === 0) {
    const path = ['go', 'verify']
    const message = '"sumdb" needs a checksum database in go.sumdb'
    found.push({ path, message, from: [path, ['go', 'sumdb']] })
  }
  return found
}

function checkTokens({ github, huggingface }: Settings, source: Source): Contradiction[] {
  const hasToken = (section: string, file: string | undefined): boolean =>
    file !== undefined || variableOf(source, [section, 'token']) !== undefined
  const idle = Object.entries({ github, huggingface }).flatMap(([section, { token_for, token_file }]) => {
    if (token_for.length === 0 || hasToken(section, token_file)) return []
    const path = [section, 'token_for']
    const message = `needs a token: set token_file or ${secretVariable([section], undefined)}`
    return [{ path, message, from: [path, [section, 'token_file']] }]
  })
  const urls = Object.entries(github.urls).map(([host, url]) => ({ path: ['github', 'urls', host], url }))
  const asked = [
    ...(hasToken('github', github.token_file) ? urls : []),
    ...(hasToken('huggingface', huggingface.token_file)
      ? [{ path: ['huggingface', 'url'], url: huggingface.url }]
      : []),
  ]
  return [...idle, ...asked.flatMap(({ path, url }) => inClear(path, url))]
}

function inClear(path: Path, url: string | undefined): Contradiction[] {
  if (url?.startsWith('http:') !== true || namesPrivateHost(url)) return []
  return [{ path, message: 'is http, so that the token travels in clear text', severity: 'warning' }]
}

function checkGit({ hosts }: Settings['git']): Contradiction[] {
  return hosts.flatMap(({ name }, item) => {
    if (hosts.findIndex((host) => host.name === name) === item) return []
    return [{ path: ['git', 'hosts', item], message: `"${name}" stands here already` }]
  })
}
