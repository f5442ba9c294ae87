import { GITHUB_HOSTS, HF_HOST } from '../domain/file-hosts.ts'
import { nameOrHost } from './names.ts'
import type { Path } from './positions.ts'
import type { Settings } from './schema.ts'
import type { Contradiction } from './source.ts'

/** A word that leads to one thing. All of them are lower case here. */
interface Claim {
  readonly word: string
  /** Tells owners apart: two tables may have one name. */
  readonly table: string
  /** Whose it is, for people. */
  readonly owner: string
  /** "the name of". */
  readonly what: string
  readonly path: Path
}

/** A name, alias or virtual host must lead to one upstream, or to one protocol. */
export function nameContradictionsIn(settings: Settings): Contradiction[] {
  const owners = new Map<string, Claim>()
  const found: Contradiction[] = []
  const claims = [
    ...fixedNames(),
    ...namesOfGo(settings),
    ...namesOfRegistries(settings),
    ...hostsIn(settings),
  ]
  for (const claim of claims) {
    const first = owners.get(claim.word)
    if (first === undefined) owners.set(claim.word, claim)
    else if (first.table !== claim.table) {
      found.push({ path: claim.path, message: `"${claim.word}" is already ${first.what} ${first.owner}` })
    }
  }
  return [...found, ...hostsOfOurs(settings)]
}

/** Also where their sections are switched off: who switches one on wants no further trouble. */
function fixedNames(): Claim[] {
  const what = 'a host of'
  return [
    ...GITHUB_HOSTS.map((word) => ({ word, table: 'github', owner: '[github]', what, path: ['github'] })),
    { word: HF_HOST, table: 'huggingface', owner: '[huggingface]', what, path: ['huggingface'] },
  ]
}

function namesOfGo({ go }: Settings): Claim[] {
  const upstreams = go.upstream.flatMap(({ name, url }, index): Claim[] => {
    const path = ['go', 'upstream', index, name === undefined ? 'url' : 'name']
    const word = nameOrHost(name, url)
    const table = `go.upstream ${index}`
    const owner = `[[go.upstream]] number ${index + 1}`
    return word === undefined ? [] : [{ word, table, owner, what: 'the name of', path }]
  })
  const databases = go.sumdb.map(({ name: word }, item): Claim => {
    return {
      word,
      table: `go.sumdb ${item}`,
      owner: 'a checksum database',
      what: 'the name of',
      path: ['go', 'sumdb', item],
    }
  })
  return [...upstreams, ...databases]
}

function namesOfRegistries({ upstream }: Settings): Claim[] {
  return upstream.flatMap(({ name, aliases, hosts }, index) => {
    const owner = name ?? `upstream number ${index + 1}`
    const table = `upstream ${index}`
    const of = (key: string, what: string, words: readonly string[]): Claim[] =>
      words.map((word, item) => ({ word, table, owner, what, path: ['upstream', index, key, item] }))
    const own =
      name === undefined
        ? []
        : [{ word: name, table, owner, what: 'the name of', path: ['upstream', index, 'name'] }]
    return [...own, ...of('aliases', 'an alias of', aliases), ...of('hosts', 'a virtual host of', hosts)]
  })
}

function hostsIn({ go, github, huggingface }: Settings): Claim[] {
  return Object.entries({ go, github, huggingface }).flatMap(([section, { hosts }]) =>
    hosts.map((word, item) => {
      return {
        word,
        table: section,
        owner: `[${section}]`,
        what: 'a virtual host of',
        path: [section, 'hosts', item],
      }
    }),
  )
}

/** Below a virtual host there is nothing but its protocol: no registry, no console. */
function hostsOfOurs(settings: Settings): Contradiction[] {
  const ours = URL.parse(settings.server.public_url ?? '')?.hostname
  const path = ['server', 'public_url']
  return hostsIn(settings)
    .filter(({ word }) => word === ours)
    .map((claim) => ({
      path: claim.path,
      message: `"${claim.word}" is the host of server.public_url, where registry and console are`,
      from: [claim.path, path],
    }))
}
