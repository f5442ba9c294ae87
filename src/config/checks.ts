import { isProtocolName, protocolNameProblem } from '../domain/protocol-names.ts'
import { encryptionContradictionsIn } from './encryption-checks.ts'
import { fileContradictionsIn } from './file-checks.ts'
import { nameContradictionsIn } from './name-checks.ts'
import { namesPrivateHost } from './networks.ts'
import type { Path } from './positions.ts'
import type { Settings, UpstreamSettings } from './schema.ts'
import { type Contradiction, type Source, variableOf } from './source.ts'
import { valueAt } from './tree.ts'

/** What is wrong between keys that are each good by themselves. Contradictions name every key they looked at. */
export function contradictionsIn(settings: Settings, source: Source): Contradiction[] {
  return [
    ...checkEviction(settings.storage),
    ...encryptionContradictionsIn(settings.server),
    ...checkPresence(settings),
    ...checkDefault(settings.upstream),
    ...nameContradictionsIn(settings),
    ...fileContradictionsIn(settings, source),
    ...checkPins(settings),
    ...proxiesIn(settings).flatMap((path) => checkProxy(path, source)),
    ...settings.upstream.flatMap((upstream, index) => checkLogin(upstream, ['upstream', index])),
    ...settings.go.upstream.flatMap((upstream, index) => checkLogin(upstream, ['go', 'upstream', index])),
  ]
}

function checkEviction({ max_size, evict_to }: Settings['storage']): Contradiction[] {
  if (max_size === 0 || 'share' in evict_to || evict_to.bytes <= max_size) return []
  const path = ['storage', 'evict_to']
  return [{ path, message: 'must be at most storage.max_size', from: [path, ['storage', 'max_size']] }]
}

/** Keys without which a table of a list means nothing; the line is that of the table. */
function checkPresence(settings: Settings): Contradiction[] {
  const missing = (path: Path, value: unknown): Contradiction[] =>
    value === undefined || value === '' || (Array.isArray(value) && value.length === 0)
      ? [{ path, message: 'is missing, and must not be empty' }]
      : []
  return [
    ...settings.upstream.flatMap(({ name, url }, index) => [
      ...missing(['upstream', index, 'name'], name),
      ...missing(['upstream', index, 'url'], url),
    ]),
    ...settings.go.upstream.flatMap(({ url }, index) => missing(['go', 'upstream', index, 'url'], url)),
    ...settings.rule.flatMap(({ match, users, actions }, index) => [
      ...missing(['rule', index, 'match'], match),
      ...missing(['rule', index, 'users'], users),
      ...missing(['rule', index, 'actions'], actions),
    ]),
    ...settings.pin.flatMap(({ match }, index) => missing(['pin', index, 'match'], match)),
  ]
}

function checkDefault(upstreams: readonly UpstreamSettings[]): Contradiction[] {
  if (upstreams.length === 0) {
    return [{ path: ['upstream'], message: 'must hold at least one; leave it out for the shipped list' }]
  }
  const first = upstreams.findIndex((upstream) => upstream.default)
  return upstreams.flatMap((upstream, index) => {
    if (!upstream.default || index === first) return []
    const message = `only one upstream can be the default, and ${upstreams[first]?.name ?? 'another one'} is it already`
    return [{ path: ['upstream', index, 'default'], message }]
  })
}

/** A pin that silently covers nothing keeps nothing. Of images that is known only with the index. */
function checkPins({ pin, git }: Settings): Contradiction[] {
  const gitHosts = git.hosts.map(({ name }) => name)
  return pin.flatMap(({ match }, index) => {
    if (!isProtocolName(match)) return []
    const problem = protocolNameProblem(match, { of: 'entry', gitHosts })
    if (problem === undefined) return []
    return [
      { path: ['pin', index, 'match'], message: `matches nothing; ${problem}`, severity: 'warning' as const },
    ]
  })
}

/** Where a proxy may stand. */
function proxiesIn({ upstream, go }: Settings): Path[] {
  return [
    ...upstream.map((_, index) => ['upstream', index, 'proxy']),
    ...go.upstream.map((_, index) => ['go', 'upstream', index, 'proxy']),
    ...['go', 'github', 'huggingface', 'git'].map((section) => [section, 'proxy']),
  ]
}

function checkProxy(path: Path, source: Source): Contradiction[] {
  const proxy = valueAt(source.tree, path)
  const isSecret = typeof proxy === 'string' && proxy.includes('@')
  if (!isSecret || variableOf(source, path) !== undefined) return []
  const message = 'must hold no credentials in this file; set the variable of this key instead'
  return [{ path, message }]
}

function checkLogin(
  { url, username }: Pick<UpstreamSettings, 'url' | 'username'>,
  path: Path,
): Contradiction[] {
  if (username === undefined || url?.startsWith('http:') !== true || namesPrivateHost(url)) return []
  const message = 'is http, so that username and password travel in clear text'
  return [{ path: [...path, 'url'], message, severity: 'warning' }]
}
