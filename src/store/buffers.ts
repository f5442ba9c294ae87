import { MOST_HELD } from '../domain/slabs.ts'
import { KIB, MIB } from '../domain/units.ts'

const SIZES = [512 * KIB, 256 * KIB, 128 * KIB, 64 * KIB] as const
const BUDGET = 32 * MIB
const KEEP = 40 * MIB

const free = new Map<number, Buffer[]>(SIZES.map((size) => [size, []]))
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

/** A buffer for a read of `wanted` bytes; shorter than that when it would not be fair to the other readers. */
export function takeBuffer(wanted: number): Buffer {
  const fair = fairShare()
  const largest = SIZES.find((size) => size <= fair) ?? 64 * KIB
  const size = SIZES.findLast((each) => each >= wanted && each <= largest) ?? largest
  const buffer = free.get(size)?.pop()
  if (buffer === undefined) return Buffer.allocUnsafeSlow(size)
  kept -= size
  return buffer
}

/** Gives a buffer back once nobody reads it any more. The size in demand is kept, others make room for it. */
export function giveBuffer(buffer: Buffer): void {
  for (const [size, buffers] of free) {
    while (kept + buffer.length > KEEP && size !== buffer.length && buffers.pop() !== undefined) kept -= size
  }
  if (kept + buffer.length > KEEP) return
  kept += buffer.length
  free.get(buffer.length)?.push(buffer)
}
