import { MOST_HELD } from '../domain/slabs.ts'
import { KIB, MIB } from '../domain/units.ts'

const SIZES = [512 * KIB, 256 * KIB, 128 * KIB, 64 * KIB] as const
const BUDGET = 32 * MIB
const KEEP = 40 * MIB

/** Each alone in its memory, so that it can be given up. */
export type SendBuffer = Buffer<ArrayBuffer>

const free = new Map<number, SendBuffer[]>(SIZES.map((size) => [size, []]))
let kept = 0
let readers = 0

/**
 * Buffers for the send path. Every reader announces itself; the more there are, the smaller the buffers, so
 * that many slow readers hold about 32 MiB together and a few fast ones get half a mebibyte a read.
 */
export function enterReader(): void {
  readers++
}

export function leaveReader(): void {
  readers--
}

function fairShare(): number {
  return BUDGET / Math.max(1, readers)
}

/** Whether each reader may hold on to received memory instead of a buffer. */
export function mayBorrow(): boolean {
  return fairShare() >= MOST_HELD
}

/**
 * A buffer for a read of `wanted` bytes; shorter than that when it would not be fair to the other readers, longer when
 * such a one is kept and fair. A new one takes the place of kept ones of other sizes.
 */
export function takeBuffer(wanted: number): SendBuffer {
  const fair = fairShare()
  const largest = SIZES.find((size) => size <= fair) ?? 64 * KIB
  const size = SIZES.findLast((each) => each >= wanted && each <= largest) ?? largest
  const fitting = SIZES.findLast((each) => each >= size && each <= largest && countOf(each) > 0)
  const buffer = fitting === undefined ? undefined : free.get(fitting)?.pop()
  if (buffer === undefined) {
    makeRoom(size)
    return Buffer.allocUnsafeSlow(size)
  }
  kept -= buffer.length
  return buffer
}

/** Gives a buffer back once nobody reads it any more. The size in demand is kept, others make room for it. */
export function giveBuffer(buffer: SendBuffer): void {
  if (kept + buffer.length > KEEP) makeRoom(kept + buffer.length - KEEP, buffer.length)
  if (kept + buffer.length > KEEP) return discard(buffer)
  kept += buffer.length
  free.get(buffer.length)?.push(buffer)
}

const countOf = (size: number): number => free.get(size)?.length ?? 0

/** Gives up kept buffers of that many bytes together, as far as there are any; none that are `but` bytes long. */
function makeRoom(bytes: number, but?: number): void {
  let left = bytes
  for (const [size, buffers] of free) {
    while (size !== but && left > 0) {
      const buffer = buffers.pop()
      if (buffer === undefined) break
      discard(buffer)
      kept -= size
      left -= size
    }
  }
}

/** Its memory is free for others at once: garbage outside of the heap may lie there for minutes. */
function discard(buffer: SendBuffer): void {
  buffer.buffer.transfer(0)
}
