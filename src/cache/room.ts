import type { Part } from '../store/part.ts'
import { type Quota, type Reservation, UNKNOWN_STEP } from './quota.ts'
import { isTrouble, NoRoom } from './trouble.ts'

/** The room on disk of one download: taken before its first byte, settled at its end. */
export class Room {
  readonly #quota: Quota
  readonly #upstream: string
  #reservation: Reservation | undefined
  /** Bytes of an earlier run, which count as used while this one goes on. */
  #adopted: number
  /** Length the part may have with the room that was taken. */
  #until = 0

  constructor(quota: Quota, upstream: string, adopted: number) {
    this.#quota = quota
    this.#upstream = upstream
    this.#adopted = adopted
  }

  /**
   * Takes room for content of `total` bytes, once; where the upstream does not say, for what others claim. Rejects
   * with NoRoom when there is none.
   */
  async take(total: number | undefined, claimed: number | undefined): Promise<void> {
    if (this.#reservation !== undefined) return
    let cause: unknown
    const step = this.#adopted + UNKNOWN_STEP
    try {
      const taken = await this.#reserve(total ?? claimed ?? step)
      // A claim may be wrong: what does not fit because of one may fit all the same.
      if (!taken && total === undefined && claimed !== undefined && claimed > step) await this.#reserve(step)
    } catch (error) {
      if (!isTrouble(error)) throw error
      cause = error
    }
    if (this.#reservation === undefined) throw new NoRoom('no room within max_size and min_free', { cause })
  }

  async #reserve(until: number): Promise<boolean> {
    this.#reservation = await this.#quota.reserve(Math.max(0, until - this.#adopted), this.#upstream)
    this.#until = until
    return this.#reservation !== undefined
  }

  /** Before `bytes` more of content whose length nobody said: room is taken step by step, or the part breaks. */
  growFor(part: Part, bytes: number): void {
    if (part.taken + bytes <= this.#until) return
    this.#until += UNKNOWN_STEP
    void this.#growOrBreak(part)
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
    this.#until -= this.#adopted
    this.#adopted = 0
  }

  /** The end: what lies on disk has grown by `stays` bytes. */
  settle(stays: number): void {
    this.#quota.settle(stays - this.#adopted)
    this.#reservation?.release()
  }
}
