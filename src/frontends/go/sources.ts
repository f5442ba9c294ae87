import { createGlob } from '../../domain/glob.ts'
import type { GoSettings, GoUpstream } from './settings.ts'

/** Where one module may be asked for. */
export interface Source {
  /** The pattern that keeps its name away from public upstreams and databases; undefined for public modules. */
  readonly privateBy: string | undefined
  /** In the order they are asked. */
  readonly upstreams: readonly GoUpstream[]
}

/** Decides which upstreams may hear the name of a module. */
export function createSources({ upstreams, private: hidden }: GoSettings): (module: string) => Source {
  const shared = upstreams.filter(({ match }) => match.length === 0)
  const own = upstreams.filter(({ match }) => match.length > 0)
  const patterns = own.map((upstream) => ({ upstream, covers: createCover(upstream.match) }))
  const hides = createCover(hidden)
  if (own.length === 0 && hidden.length === 0) return () => ({ privateBy: undefined, upstreams: shared })
  return (module) => {
    const found = patterns.filter(({ covers }) => covers(module) !== undefined)
    const privateBy = found[0]?.covers(module) ?? hides(module)
    if (privateBy === undefined) return { privateBy, upstreams: shared }
    return { privateBy, upstreams: found.map(({ upstream }) => upstream) }
  }
}

/**
 * The first pattern that covers a module. As in GOPRIVATE a pattern covers everything below what it names: whoever keeps
 * "corp.example.com/lib" to himself does not want "corp.example.com/lib/v2" told. Case is ignored for the same reason.
 */
function createCover(patterns: readonly string[]): (module: string) => string | undefined {
  const globs = patterns.map((written) => {
    const pattern = written
      .toLowerCase()
      .replace(/^go:/, '')
      .replace(/\/\*\*$/, '')
    return { pattern, matches: createGlob(pattern) }
  })
  return (module) => {
    const elements = module.toLowerCase().split('/')
    const prefixes = elements.map((_, i) => elements.slice(0, i + 1).join('/'))
    return globs.find(({ matches }) => prefixes.some(matches))?.pattern
  }
}
