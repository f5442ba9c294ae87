import { fullFilePattern } from '../domain/file-globs.ts'
import { DOCKER_HUB } from '../domain/names.ts'
import { isProtocolName } from '../domain/protocol-names.ts'

/** An upstream as names in patterns tell it. */
export interface NamedUpstream {
  readonly name: string
  readonly aliases: readonly string[]
  readonly default: boolean
}

export function isGlob(name: string): boolean {
  return /[*?]/.test(name)
}

/** A pattern as index and pins know names: with its registry, "library/" included; files as they are compared. */
export function fullPattern(upstreams: readonly NamedUpstream[], pattern: string): string {
  if (isProtocolName(pattern)) return fullFilePattern(pattern)
  const [first = '', ...rest] = pattern.split('/')
  const named = upstreams.find(({ name, aliases }) => name === first || aliases.includes(first))
  if (named !== undefined && rest.length > 0) return withLibrary(named.name, rest.join('/'))
  // A glob in the first component may mean registries; anything with a dot means one.
  if (rest.length > 0 && /[*?.:]/.test(first)) return pattern
  if (first.startsWith('**')) return pattern
  const fallback = upstreams.find((upstream) => upstream.default)
  return fallback === undefined ? pattern : withLibrary(fallback.name, pattern)
}

/** Names as they were typed, those of files as everybody writes them. */
export function asWritten(names: readonly string[]): readonly string[] {
  return names.map((name) => (isProtocolName(name) ? fullFilePattern(name) : name))
}

function withLibrary(upstream: string, path: string): string {
  const isOfficial = upstream === DOCKER_HUB && !path.includes('/') && !path.startsWith('**')
  return `${upstream}/${isOfficial ? 'library/' : ''}${path}`
}
