import { KIB, MIB } from './units.ts'

const SMALL = 64 * KIB
const LARGE = 256 * KIB
/** Room below which the rest of a slab is not read into any more, */
const LEAST = 16 * KIB
/** and for a fast stream: what comes in one go should not be cut in two. */
const LEAST_FAST = 64 * KIB
const KEEP = 32 * MIB

/** Bytes that one `hold` keeps from being used again, at most. */
export const MOST_HELD = LARGE

/** A stretch of memory that received bytes are cut from. */
interface Slab {
  readonly bytes: Buffer
  /** Bytes received into it. */
  filled: number
  /** Bytes whose users are done with them. */
  released: number
  /** How many look at some of its bytes beside them. */
  held: number
  /** Nothing more is received into it. */
  sealed: boolean
}

const slabs = new WeakMap<ArrayBufferLike, Slab>()
const free = new Map<number, Slab[]>([
  [SMALL, []],
  [LARGE, []],
])
let kept = 0

/** Memory for one stream of received bytes. */
export interface Receiver {
  /** Where the next bytes go. */
  room(): Buffer
  /** `length` bytes came; the part of the room that holds them. */
  received(length: number): Buffer
}

/**
 * Receives into slabs that are used again once all their bytes were given back with `giveBack`. Bytes that nobody
 * gives back are simply collected with their slab, so only those who handle much data have to know of this.
 * A fast stream gets large slabs, a slow one small.
 */
export function createReceiver(): Receiver {
  let slab = takeSlab(SMALL)
  let isFast = false
  return {
    room: () => {
      const left = slab.bytes.length - slab.filled
      if (isFast ? left >= LEAST_FAST && slab.bytes.length === LARGE : left >= LEAST) {
        return slab.bytes.subarray(slab.filled)
      }
      seal(slab)
      slab = takeSlab(isFast ? LARGE : SMALL)
      return slab.bytes
    },
    received: (length) => {
      const start = slab.filled
      isFast = length >= SMALL / 2
      slab.filled += length
      return slab.bytes.subarray(start, start + length)
    },
  }
}

function takeSlab(size: number): Slab {
  const slab = free.get(size)?.pop()
  if (slab === undefined) {
    const bytes = Buffer.allocUnsafeSlow(size)
    const fresh = { bytes, filled: 0, released: 0, held: 0, sealed: false }
    slabs.set(bytes.buffer, fresh)
    return fresh
  }
  kept -= size
  slab.filled = 0
  slab.released = 0
  slab.sealed = false
  return slab
}

function seal(slab: Slab): void {
  slab.sealed = true
  recycle(slab)
}

/** Nobody looks at these bytes any more. Call once for each received byte at most; other memory is left alone. */
export function giveBack(bytes: Buffer): void {
  const slab = slabs.get(bytes.buffer)
  if (slab === undefined) return
  slab.released += bytes.length
  recycle(slab)
}

/** Somebody looks at these bytes until `letGo`, whoever gives them back before that. Other memory is left alone. */
export function hold(bytes: Buffer): void {
  const slab = slabs.get(bytes.buffer)
  if (slab !== undefined) slab.held++
}

/** Call once for each `hold`, with the same bytes. */
export function letGo(bytes: Buffer): void {
  const slab = slabs.get(bytes.buffer)
  if (slab === undefined) return
  slab.held--
  recycle(slab)
}

function recycle(slab: Slab): void {
  const size = slab.bytes.length
  const isUsed = slab.held > 0 || slab.released < slab.filled
  if (!slab.sealed || isUsed || kept + size > KEEP) return
  kept += size
  free.get(size)?.push(slab)
}
