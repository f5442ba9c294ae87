import type { Part } from '../store/part.ts'
import { type Quota, type Reservation, UNKNOWN_STEP } from './quota.ts'
import { isTrouble, NoRoom } from './trouble.ts'

/** The room on disk of one download: taken before its first byte, settled at its end. */
export class Room {
  readonly #quota: Quota
  #reservation: Reservation | undefined
  /** Bytes of an earlier run, which count as used while this one goes on. */
  #adopted: number

  constructor(quota: Quota, adopted: number) {
    this.#quota = quota
    this.#adopted = adopted
  }

  /** Takes room for content of `total` bytes, once. Rejects with NoRoom when there is none. */
  async take(total: number | undefined): Promise<void> {
    if (this.#reservation !== undefined) return
    let cause: unknown
    try {
      const missing = total === undefined ? UNKNOWN_STEP : Math.max(0, total - this.#adopted)
      this.#reservation = await this.#quota.reserve(missing)
    } catch (error) {
      if (!isTrouble(error)) throw error
      cause = error
    }
    if (this.#reservation === undefined) throw new NoRoom('no room within max_size and min_free', { cause })
  }

  /** Before `bytes` more of content whose length nobody said: room is taken step by step, or the part breaks. */
  growFor(part: Part, bytes: number): void {
    if ((part.taken + bytes) % UNKNOWN_STEP < bytes) void this.#growOrBreak(part)
  }

  async #growOrBreak(part: Part): Promise<void> {
    try {
      const grown = await this.#reservation?.grow(UNKNOWN_STEP)
      if (grown === false) part.break(new NoRoom('no room within max_size'))
    } catch (error) {
      part.break(error)
    }
  }

  /** What an earlier run left is gone. */
  forget(): void {
    this.#quota.settle(-this.#adopted)
    this.#adopted = 0
  }

  /** The end: what lies on disk has grown by `stays` bytes. */
  settle(stays: number): void {
    this.#quota.settle(stays - this.#adopted)
    this.#reservation?.release()
  }
}
