import type { Facts } from './facts.ts'

/** What the last owner wrote down when it closed the index. */
export interface Closing {
  /** Whether it was closed in order. */
  readonly wasClean: boolean
  /** Bytes on disk of all blobs at that time; undefined when it was not, or by an older build. */
  readonly bytesThen: number | undefined
}

interface Noted {
  readonly facts: Facts
}

const CLOSED = 'closed'
const BYTES = 'bytes'

export function readClosing({ facts }: Noted): Closing {
  const wasClean = facts.get(CLOSED) === 'yes'
  const bytes = wasClean ? facts.get(BYTES) : undefined
  return { wasClean, bytesThen: bytes === undefined ? undefined : Number(bytes) }
}

/** From now on a crash shows. Returns whether the owner before closed it in order. */
export function markOpen({ facts }: Noted): boolean {
  const wasClosed = facts.get(CLOSED) === 'yes'
  if (wasClosed) facts.set(CLOSED, 'no')
  return wasClosed
}

/** Nothing is written any more; all blobs take `bytes` on disk. */
export function markClosed({ facts }: Noted, bytes: number): void {
  facts.set(BYTES, String(bytes))
  facts.set(CLOSED, 'yes')
}
