import type { Entry } from '../db/entries.ts'
import type { Index } from '../db/index.ts'
import type { Clock } from '../domain/clock.ts'
import { type Digest, parseDigest } from '../domain/digest.ts'
import { AppError } from '../domain/errors.ts'
import type { OriginClient, OriginHead } from '../upstream/origin.ts'
import type { Asker } from './asker.ts'
import { statedDigest } from './asker.ts'
import { isGone } from './gone.ts'
import { isTrouble } from './trouble.ts'
import type { Want } from './want.ts'

/** What an upstream says of a name, beside what is cached under it. */
export type Checked =
  | { readonly state: 'same'; readonly digest: Digest; readonly upstreamDigest: Digest }
  | { readonly state: 'moved'; readonly digest: Digest; readonly upstreamDigest: Digest }
  | { readonly state: 'gone'; readonly digest: Digest }
  | { readonly state: 'failed'; readonly digest: Digest | undefined; readonly error: AppError }

/**
 * Asks the upstream of a cached manifest whether it is still the one, now, by HEAD, which costs no pull. What it says is
 * written down; which content is cached stays as it is. Names that are not cached are not asked for. Rejects with the
 * reason of `signal` once that is aborted, and with what nobody expects.
 */
export type Check = (want: Want, signal: AbortSignal) => Promise<Checked>

export function createCheck(deps: {
  client: OriginClient
  index: Index
  asker: Asker
  clock: Clock
  report: (error: unknown) => void
}): Check {
  const { client, index, asker, clock } = deps

  const write = (work: () => void): void => {
    try {
      work()
    } catch (error) {
      if (!isTrouble(error)) throw error
      deps.report(error)
    }
  }

  const answered = (want: Want, entry: Entry, head: OriginHead): Checked => {
    const { digest } = entry
    const stated = statedDigest(want, head) ?? want.digest
    if (stated === undefined) {
      const said = 'names no digest, so that nobody can tell without a pull'
      const error = new AppError('upstream_invalid', { detail: { upstream: want.request.upstream, said } })
      return { state: 'failed', digest, error }
    }
    if (isNameOf(entry, want, stated)) {
      write(() => index.entries.confirm(want.key, clock()))
      return { state: 'same', digest, upstreamDigest: stated }
    }
    write(() => index.entries.noteMoved(want.key, stated))
    return { state: 'moved', digest, upstreamDigest: stated }
  }

  return async (want, signal) => {
    const entry = index.entries.find(want.key)
    if (entry === undefined) {
      const error = new AppError('manifest_unknown', { message: 'it is not cached' })
      return { state: 'failed', digest: undefined, error }
    }
    try {
      return answered(want, entry, await client.head(want.request, { signal }))
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof AppError)) throw error
      asker.lost(want, error)
      return isGone(error)
        ? { state: 'gone', digest: entry.digest }
        : { state: 'failed', digest: entry.digest, error }
    }
  }
}

/** Whether an upstream's digest is what is cached: by the name we have for it, or by the one it came with. */
function isNameOf({ digest, headers }: Entry, want: Want, stated: Digest): boolean {
  if (stated === digest || stated === want.digest) return true
  return parseDigest(headers['docker-content-digest'] ?? '') === stated
}
