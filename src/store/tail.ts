import { giveBack } from '../domain/slabs.ts'

/** Received bytes that are not on disk yet, in order: those that are being written, then those that wait. */
export class Tail {
  #leaving: Buffer[] = []
  #waiting: Buffer[] = []
  #bytes = 0

  /** Bytes that wait. */
  get waiting(): number {
    return this.#bytes
  }

  /** All chunks, those that are being written first. */
  get chunks(): readonly Buffer[] {
    return [...this.#leaving, ...this.#waiting]
  }

  /** Takes a chunk. What lies side by side in memory becomes one, so that readers get larger pieces. */
  push(chunk: Buffer): void {
    const last = this.#waiting.at(-1)
    if (last?.buffer === chunk.buffer && last.byteOffset + last.length === chunk.byteOffset) {
      const both = Buffer.from(last.buffer, last.byteOffset, last.length + chunk.length)
      this.#waiting[this.#waiting.length - 1] = both
    } else this.#waiting.push(chunk)
    this.#bytes += chunk.length
  }

  /** What is to be written: what a write left, else everything that waits. */
  leave(): readonly Buffer[] {
    if (this.#leaving.length > 0) return this.#leaving
    this.#leaving = this.#waiting
    this.#waiting = []
    this.#bytes = 0
    return this.#leaving
  }

  /** `bytes` of what leaves are on disk: their memory is given back. Returns whether that was all of it. */
  written(bytes: number): boolean {
    let left = bytes
    const rest: Buffer[] = []
    for (const chunk of this.#leaving) {
      const gone = Math.min(left, chunk.length)
      left -= gone
      if (gone > 0) giveBack(chunk.subarray(0, gone))
      if (gone < chunk.length) rest.push(chunk.subarray(gone))
    }
    this.#leaving = rest
    return rest.length === 0
  }

  /** What one chunk holds from `offset` on, counted from the first byte that is not on disk; undefined after the last. */
  from(offset: number): Buffer | undefined {
    let left = offset
    for (const chunks of [this.#leaving, this.#waiting]) {
      for (const chunk of chunks) {
        if (left < chunk.length) return left === 0 ? chunk : chunk.subarray(left)
        left -= chunk.length
      }
    }
    return undefined
  }
}
