import type { Hash } from 'node:crypto'
import { algorithmOf, type Digest, type DigestAlgorithm, type Sha256 } from '../domain/digest.ts'
import type { Piece } from '../domain/run.ts'
import { hold, letGo } from '../domain/slabs.ts'
import { KIB, MIB } from '../domain/units.ts'
import { Audience } from './audience.ts'
import { ContentHash, hashFile } from './content-hash.ts'
import { closeFile, readFile, syncFile, truncateFile, writeFile } from './file.ts'
import { Tail } from './tail.ts'

/** Bytes that make a write: each one wakes two other threads. Fewer wait for more, */
const WRITE = { least: 128 * KIB, most: 512 * KIB, ofAll: 16 * MIB }
/** but no longer than this. */
const LINGER_MS = 5

let open = 0

/** The more parts there are, the smaller their writes, so that all of them hold little. */
function worthwhile(): number {
  return Math.max(WRITE.least, Math.min(WRITE.most, WRITE.ofAll / open))
}

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
  readonly #tail = new Tail()
  #writing: Promise<void> | undefined
  #lingering: NodeJS.Timeout | undefined
  #room = Promise.withResolvers<void>()
  readonly #audience = new Audience()
  #users = 1

  constructor(options: { id: string; path: string; fd: number; expected: Digest | undefined }) {
    this.id = options.id
    this.path = options.path
    this.fd = options.fd
    const isSha512 = options.expected !== undefined && algorithmOf(options.expected) === 'sha512'
    this.#algorithms = isSha512 ? ['sha256', 'sha512'] : ['sha256']
    this.#hash = new ContentHash(this.fd, this.#algorithms)
    open++
  }

  /** Bytes a reader may have now, from memory or disk. */
  get readable(): number {
    if (this.state === 'whole') return this.size
    const here = this.state === 'growing' ? this.#taken : this.size
    return Math.max(0, Math.min(here, (this.total ?? here) - 1))
  }

  /** Calls back once when `readable` or `state` changed. */
  listen(listener: () => void): void {
    this.#audience.add(listener)
  }

  unlisten(listener: () => void): void {
    this.#audience.remove(listener)
  }

  /** States the whole length; readers may then come within one byte of it. */
  expect(total: number | undefined): void {
    this.total = total
    this.#audience.tell()
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

  /** Takes a chunk: readers may have it, on disk soon. Returns a promise when the writer should wait. */
  write(chunk: Buffer): Promise<void> | undefined {
    if (this.state !== 'growing' || chunk.length === 0) return undefined
    this.#taken += chunk.length
    this.#hash.take(chunk)
    this.#tail.push(chunk)
    // Whoever waits for its first byte hears at once.
    if (this.#taken === chunk.length) this.#audience.tell()
    else this.#audience.tellSoon()
    this.#consider()
    const isHeld = this.#writing !== undefined && this.#tail.waiting > worthwhile() / 2
    return isHeld ? this.#room.promise : undefined
  }

  /** Begins a write, at once or soon. */
  #consider(): void {
    if (this.#tail.waiting >= worthwhile()) this.#begin()
    else if (this.#tail.waiting > 0) this.#lingering ??= setTimeout(() => this.#begin(), LINGER_MS)
  }

  #begin(): void {
    clearTimeout(this.#lingering)
    this.#lingering = undefined
    if (this.#writing !== undefined || this.state !== 'growing' || this.#tail.waiting === 0) return
    this.#writing = this.#drain()
  }

  async #drain(): Promise<void> {
    const chunks = this.#tail.leave()
    this.#makeRoom()
    try {
      await this.#append(chunks)
    } catch (error) {
      this.break(error)
    }
    this.#writing = undefined
    this.#makeRoom()
    if (this.state === 'growing') this.#consider()
  }

  /** The writer may go on. */
  #makeRoom(): void {
    const room = this.#room
    this.#room = Promise.withResolvers()
    room.resolve()
  }

  async #append(chunks: readonly Buffer[]): Promise<void> {
    const written = await writeFile(this.fd, chunks, this.size)
    if (written === 0) throw Object.assign(new Error('nothing could be written'), { code: 'EIO' })
    const isAll = this.#tail.written(written)
    this.size += written
    this.#hash.written(this.size)
    if (!isAll) await this.#append(this.#tail.leave())
  }

  /** Waits until everything taken is on disk (or the disk failed); `size` stands still then. */
  async flushed(): Promise<void> {
    for (this.#begin(); this.#writing !== undefined; this.#begin()) await this.#writing
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
    this.#audience.tell()
    return sha256
  }

  /** Fills the buffer with bytes on disk from `position` on; returns how many there were. */
  read(buffer: Buffer, position: number): Promise<number> {
    const length = Math.max(0, Math.min(buffer.length, this.size - position))
    return readFile(this.fd, buffer, length, position)
  }

  /**
   * The bytes from `position` on that were taken but are not in the file yet, if any: to be looked at now, as their memory is
   * used again; for good once the disk failed and `flushed` settled. Throws for a position before them.
   */
  unwritten(position: number): Buffer | undefined {
    if (position >= this.size) return this.#tail.from(position - this.size)
    throw new RangeError(`byte ${position} is on disk, which holds ${this.size} bytes`)
  }

  /** At most `most` bytes from `position` on where they are still in memory; undefined where they are on disk. */
  lend(position: number, most: number): Piece | undefined {
    const bytes = position < this.size ? undefined : this.#tail.from(position - this.size)?.subarray(0, most)
    if (bytes === undefined) return undefined
    hold(bytes)
    return { bytes, release: () => letGo(bytes) }
  }

  /** After the disk failed: the hash over all bytes taken, for readers that go on without it; a copy for each. */
  async proof(expected: Digest): Promise<Hash> {
    this.#proof ??= hashFile(algorithmOf(expected), this, this.#tail.chunks)
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
    this.#audience.tell()
  }

  /** The descriptor stays open until writer and readers have all left. */
  retain(): void {
    this.#users++
  }

  release(): void {
    if (--this.#users > 0) return
    void this.#close()
  }

  /** What still waits for the disk is of use to nobody; what is being written needs the descriptor. */
  async #close(): Promise<void> {
    open--
    this.drop(new Error('nobody has it open any more'))
    await this.flushed()
    await this.#hash.drop()
    closeFile(this.fd)
  }
}
