import { encryptionContradictionsIn } from './encryption-checks.ts'
import { namesPrivateHost } from './networks.ts'
import type { Path } from './positions.ts'
import type { Settings, UpstreamSettings } from './schema.ts'
import { type Contradiction, type Source, variableOf } from './source.ts'

/** What is wrong between keys that are each good by themselves. Contradictions name every key they looked at. */
export function contradictionsIn(settings: Settings, source: Source): Contradiction[] {
  return [
    ...checkEviction(settings.storage),
    ...encryptionContradictionsIn(settings.server),
    ...checkPresence(settings),
    ...checkDefault(settings.upstream),
    ...checkNames(settings.upstream),
    ...settings.upstream.flatMap((upstream, index) => checkUpstream(upstream, ['upstream', index], source)),
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

/** A name, alias or virtual host must lead to one upstream. All of them are lower case here. */
function checkNames(upstreams: readonly UpstreamSettings[]): Contradiction[] {
  const owners = new Map<string, { index: number; what: string }>()
  const found: Contradiction[] = []
  for (const [index, upstream] of upstreams.entries()) {
    for (const { word, path, what } of wordsOf(upstream, index)) {
      const owner = owners.get(word)
      if (owner === undefined) owners.set(word, { index, what })
      else if (owner.index !== index) {
        const name = upstreams[owner.index]?.name ?? `upstream number ${owner.index + 1}`
        found.push({ path, message: `"${word}" is already ${owner.what} ${name}` })
      }
    }
  }
  return found
}

function wordsOf({ name, aliases, hosts }: UpstreamSettings, index: number) {
  const of = (key: string, what: string, words: readonly string[]) =>
    words.map((word, item) => ({ word, what, path: ['upstream', index, key, item] }))
  const own =
    name === undefined ? [] : [{ word: name, what: 'the name of', path: ['upstream', index, 'name'] }]
  return [...own, ...of('aliases', 'an alias of', aliases), ...of('hosts', 'a virtual host of', hosts)]
}

function checkUpstream(upstream: UpstreamSettings, path: Path, source: Source): Contradiction[] {
  const found: Contradiction[] = []
  const proxy = [...path, 'proxy']
  const secretInFile = upstream.proxy?.includes('@') === true && variableOf(source, proxy) === undefined
  if (secretInFile) {
    const message = 'must hold no credentials in this file; set the variable of this key instead'
    found.push({ path: proxy, message })
  }
  const { url, username } = upstream
  if (username !== undefined && url?.startsWith('http:') === true && !namesPrivateHost(url)) {
    const message = 'is http, so that username and password travel in clear text'
    found.push({ path: [...path, 'url'], message, severity: 'warning' })
  }
  return found
}
