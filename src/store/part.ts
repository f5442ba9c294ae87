import type { Hash } from 'node:crypto'
import { algorithmOf, type Digest, type DigestAlgorithm, type Sha256 } from '../domain/digest.ts'
import { giveBack } from '../domain/slabs.ts'
import { KIB } from '../domain/units.ts'
import { ContentHash, hashFile } from './content-hash.ts'
import { closeFile, readFile, syncFile, truncateFile, writeFile } from './file.ts'

/** Bytes that may wait for the disk before the writer is held; as many are being written meanwhile. */
const MOST_WAITING = 256 * KIB

/** growing: more to come. whole: verified, all bytes may leave. broken: the disk failed. dropped: given up. */
export type PartState = 'growing' | 'whole' | 'broken' | 'dropped'

/**
 * The growing file of a blob on its way in: one writer, any number of readers, each with an offset of its own.
 * The last byte stays back until the digest is verified, so a bad or cut download never looks complete.
 */
export class Part {
  /** Name and path of its file. */
  id: string
  path: string
  readonly fd: number
  /** The strong ETag of the content, where nothing else tells whether a continuation fits. */
  validator: string | undefined
  /** Bytes on disk. */
  size = 0
  /** How many of them an earlier run left. */
  adopted = 0
  /** Length of the whole content, once the upstream said it. */
  total: number | undefined
  state: PartState = 'growing'
  /** Why it broke or was dropped. */
  reason: unknown
  #hash: ContentHash
  readonly #algorithms: readonly DigestAlgorithm[]
  #taken = 0
  #proof: Promise<Hash> | undefined
  #waiting: Buffer[] = []
  #waitingBytes = 0
  /** Chunks of the write that is under way, what is left of them. */
  #leaving: Buffer[] = []
  #writing: Promise<void> | undefined
  #room = Promise.withResolvers<void>()
  #listeners = new Set<() => void>()
  #users = 1

  constructor(options: { id: string; path: string; fd: number; expected: Digest | undefined }) {
    this.id = options.id
    this.path = options.path
    this.fd = options.fd
    const isSha512 = options.expected !== undefined && algorithmOf(options.expected) === 'sha512'
    this.#algorithms = isSha512 ? ['sha256', 'sha512'] : ['sha256']
    this.#hash = new ContentHash(this.fd, this.#algorithms)
  }

  /** Bytes a reader may have now. */
  get readable(): number {
    return this.state === 'whole'
      ? this.size
      : Math.max(0, Math.min(this.size, (this.total ?? Infinity) - 1, this.#heldBack()))
  }

  #heldBack(): number {
    return this.total === undefined ? this.size - 1 : Infinity
  }

  /** Calls back once when `readable` or `state` changed. */
  listen(listener: () => void): void {
    this.#listeners.add(listener)
  }

  unlisten(listener: () => void): void {
    this.#listeners.delete(listener)
  }

  #beat(): void {
    if (this.#listeners.size === 0) return
    const listeners = this.#listeners
    this.#listeners = new Set()
    for (const listener of listeners) listener()
  }

  /** States the whole length; readers may then come within one byte of it. */
  expect(total: number | undefined): void {
    this.total = total
    this.#beat()
  }

  /** Adopts `size` bytes that an earlier run left in the file. */
  adopt(size: number): void {
    this.adopted = size
    this.size = size
    this.#taken = size
    this.#hash.adopt(size)
  }

  /** Forgets everything but its name; only while no reader has seen a byte. */
  async restart(): Promise<void> {
    await this.flushed()
    await this.#hash.drop()
    await truncateFile(this.fd)
    this.size = 0
    this.adopted = 0
    this.#taken = 0
    this.#hash = new ContentHash(this.fd, this.#algorithms)
  }

  /** Takes a chunk: on disk soon. Returns a promise when the writer should wait. */
  write(chunk: Buffer): Promise<void> | undefined {
    if (this.state !== 'growing' || chunk.length === 0) return undefined
    this.#taken += chunk.length
    this.#hash.take(chunk)
    this.#waiting.push(chunk)
    this.#waitingBytes += chunk.length
    this.#writing ??= this.#drain()
    return this.#waitingBytes > MOST_WAITING ? this.#room.promise : undefined
  }

  async #drain(): Promise<void> {
    try {
      while (this.#waiting.length > 0 && this.state === 'growing') {
        this.#leaving = this.#waiting
        this.#waiting = []
        this.#waitingBytes = 0
        this.#makeRoom()
        await this.#append()
      }
    } catch (error) {
      this.break(error)
    } finally {
      this.#writing = undefined
      this.#makeRoom()
    }
  }

  /** The writer may go on: what waited is being written. */
  #makeRoom(): void {
    const room = this.#room
    this.#room = Promise.withResolvers()
    room.resolve()
  }

  async #append(): Promise<void> {
    while (this.#leaving.length > 0) {
      const written = await writeFile(this.fd, this.#leaving, this.size)
      if (written === 0) throw Object.assign(new Error('nothing could be written'), { code: 'EIO' })
      this.#leaving = this.#without(written)
      this.size += written
      this.#hash.written(this.size)
      this.#beat()
    }
  }

  /** What is left of the leaving chunks after `bytes` of them were written; the memory of those is given back. */
  #without(bytes: number): Buffer[] {
    let left = bytes
    const rest: Buffer[] = []
    for (const chunk of this.#leaving) {
      const gone = Math.min(left, chunk.length)
      left -= gone
      if (gone > 0) giveBack(chunk.subarray(0, gone))
      if (gone < chunk.length) rest.push(chunk.subarray(gone))
    }
    return rest
  }

  /** Waits until everything taken is on disk (or the disk failed); `size` stands still then. */
  async flushed(): Promise<void> {
    await this.#writing
  }

  /** Bytes taken so far, on disk or about to be. */
  get taken(): number {
    return this.#taken
  }

  /**
   * Judges the content: with the right digest, and if `judge` does not throw, the last byte is let go and the SHA-256
   * is returned, otherwise undefined and the part stays as it is. Call once, after `flushed`. Rejects when the file
   * cannot be read, and with what `judge` throws.
   */
  async verify(
    expected: Digest | undefined,
    judge?: (digest: Sha256) => Promise<void>,
  ): Promise<Sha256 | undefined> {
    const found = await this.#hash.finish(this.size)
    const digests = this.#algorithms.map((algorithm, i) => `${algorithm}:${found[i] ?? ''}`)
    if (expected !== undefined && !digests.includes(expected)) return undefined
    const sha256: Sha256 = `sha256:${found[0] ?? ''}`
    await judge?.(sha256)
    this.state = 'whole'
    this.total = this.size
    this.#beat()
    return sha256
  }

  /** Fills the buffer with bytes on disk from `position` on; returns how many there were. */
  read(buffer: Buffer, position: number): Promise<number> {
    const length = Math.max(0, Math.min(buffer.length, this.size - position))
    return readFile(this.fd, buffer, length, position)
  }

  /**
   * After the disk failed, once `flushed` settled: the bytes from `position` that were taken but never written, if
   * any. Throws for a position before them: those bytes are in the file.
   */
  unwritten(position: number): Buffer | undefined {
    let at = this.size
    if (position < at) throw new RangeError(`byte ${position} is on disk, which holds ${at} bytes`)
    for (const chunk of [...this.#leaving, ...this.#waiting]) {
      if (position < at + chunk.length) return chunk.subarray(position - at)
      at += chunk.length
    }
    return undefined
  }

  /** After the disk failed: the hash over all bytes taken, for readers that go on without it; a copy for each. */
  async proof(expected: Digest): Promise<Hash> {
    this.#proof ??= hashFile(algorithmOf(expected), this, [...this.#leaving, ...this.#waiting])
    return (await this.#proof).copy()
  }

  /** Makes the bytes survive a power cut. */
  sync(): Promise<void> {
    return syncFile(this.fd)
  }

  /** The disk failed: readers go on without it. */
  break(reason: unknown): void {
    this.#end('broken', reason)
  }

  /** The download was given up: readers that still wait get `reason`. */
  drop(reason: unknown): void {
    this.#end('dropped', reason)
  }

  #end(state: PartState, reason: unknown): void {
    if (this.state !== 'growing') return
    this.state = state
    this.reason = reason
    this.#beat()
  }

  /** The descriptor stays open until writer and readers have all left. */
  retain(): void {
    this.#users++
  }

  release(): void {
    if (--this.#users > 0) return
    void this.#hash.drop().then(() => closeFile(this.fd))
  }
}
