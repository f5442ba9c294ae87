import type { Config } from '../config/config.ts'
import type { TagState } from './contract.ts'

interface Standing {
  readonly upstream: string
  readonly checkedAt: number
  readonly goneAt: number | undefined
  readonly upstreamDigest: string | undefined
}

/** How a cached tag stands: what its upstream said of it, where that is news, else how long ago it was confirmed. */
export function tagState({ cache, upstreams }: Config, tag: Standing, now: number): TagState {
  if (tag.goneAt !== undefined) return 'gone'
  if (tag.upstreamDigest !== undefined) return 'moved'
  const ttl = upstreams.find(({ name }) => name === tag.upstream)?.tagTtl ?? cache.tagTtl
  const age = now - tag.checkedAt
  return age < ttl ? 'fresh' : age < cache.staleIfError ? 'due' : 'expired'
}
