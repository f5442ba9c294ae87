import { setImmediate } from 'node:timers/promises'
import type { Cache } from '../../cache/cache.ts'
import type { Access } from '../../domain/access.ts'

/** Names that are looked through at once where some of them may not be shown. */
const BATCH = 5000

interface CatalogAsk {
  /** Undefined: of all upstreams, whose names then stand in front. */
  readonly upstream: string | undefined
  readonly last: string
  readonly limit: number
}

/** Repositories of which something is cached and that may be pulled, in byte order, after `last`. */
export async function readCatalog(cache: Cache, access: Access, ask: CatalogAsk): Promise<readonly string[]> {
  const { upstream, limit } = ask
  const only = upstream === undefined ? {} : { upstream }
  const read = (last: string, most: number): readonly string[] =>
    cache.repositories({ frontEnd: 'oci', ...only, last, limit: most })
  if (access.isUnrestricted) return read(ask.last, limit)
  const shown: string[] = []
  for (let last: string | undefined = ask.last; last !== undefined && shown.length < limit; ) {
    const names = read(last, BATCH)
    const mayShow = (name: string): boolean =>
      access.mayPull({ name: upstream === undefined ? name : `${upstream}/${name}` })
    shown.push(...names.filter(mayShow))
    last = names.length < BATCH ? undefined : names.at(-1)
    // Others get their turn: there may be a million of which nothing may be shown.
    if (last !== undefined) await setImmediate()
  }
  return shown.slice(0, limit)
}
