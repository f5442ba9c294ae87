import { createHash, type Hash } from 'node:crypto'
import { algorithmOf, type Digest, type Sha256 } from '../domain/digest.ts'
import { KIB, MIB } from '../domain/units.ts'
import { closeFile, readFile, syncFile, truncateFile, writeFile } from './file.ts'

/** Bytes that may wait for the disk before the writer is held; as many are being written meanwhile. */
const MOST_WAITING = 384 * KIB

/** growing: more to come. whole: verified, all bytes may leave. broken: the disk failed. dropped: given up. */
export type PartState = 'growing' | 'whole' | 'broken' | 'dropped'

/**
 * The growing file of a blob on its way in: one writer, any number of readers, each with an offset of its own.
 * The last byte stays back until the digest is verified, so a bad or cut download never looks complete.
 */
export class Part {
  readonly id: string
  readonly path: string
  readonly fd: number
  /** Bytes on disk. */
  size = 0
  /** Length of the whole content, once the upstream said it. */
  total: number | undefined
  state: PartState = 'growing'
  /** Why it broke or was dropped. */
  reason: unknown
  /** Settles when the bytes of an earlier run are hashed again. */
  ready: Promise<void> = Promise.resolve()
  #sha256: Hash = createHash('sha256')
  #sha512: Hash | undefined
  #hashed = 0
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
    if (options.expected !== undefined && algorithmOf(options.expected) === 'sha512') {
      this.#sha512 = createHash('sha512')
    }
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

  /** Adopts `size` bytes that an earlier run left in the file; they are hashed before new ones are taken. */
  adopt(size: number): void {
    this.size = size
    this.ready = this.#rehash(size)
    this.ready.catch((error: unknown) => this.break(error))
  }

  /** Forgets everything; only while no reader has seen a byte. */
  async restart(): Promise<void> {
    await this.flushed()
    await truncateFile(this.fd)
    this.size = 0
    this.#hashed = 0
    this.#sha256 = createHash('sha256')
    if (this.#sha512 !== undefined) this.#sha512 = createHash('sha512')
  }

  async #rehash(size: number): Promise<void> {
    const buffer = Buffer.allocUnsafeSlow(MIB)
    for (let at = 0; at < size; ) {
      const read = await readFile(this.fd, buffer, Math.min(MIB, size - at), at)
      if (read === 0) throw Object.assign(new Error('part shrank while it was read'), { code: 'EIO' })
      this.#hash(buffer.subarray(0, read))
      at += read
    }
  }

  #hash(chunk: Buffer): void {
    this.#sha256.update(chunk)
    this.#sha512?.update(chunk)
    this.#hashed += chunk.length
  }

  /** Takes a chunk: hashed now, on disk soon. Returns a promise when the writer should wait. */
  write(chunk: Buffer): Promise<void> | undefined {
    if (this.state !== 'growing') return undefined
    this.#hash(chunk)
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
      this.#leaving = skip(this.#leaving, written)
      this.size += written
      this.#beat()
    }
  }

  /** Waits until everything taken is on disk (or the disk failed). */
  async flushed(): Promise<void> {
    await this.ready
    await this.#writing
  }

  /** Waits until nothing that was taken is on its way to the disk; `size` stands still then. */
  async written(): Promise<void> {
    await this.#writing
  }

  /** Bytes taken so far, on disk or about to be. */
  get taken(): number {
    return this.#hashed
  }

  /**
   * Judges the content: with the right digest the last byte is let go and the SHA-256 is returned, otherwise
   * undefined and the part stays as it is. Call after `flushed`; hashing cannot go on afterwards.
   */
  verify(expected: Digest | undefined): Sha256 | undefined {
    const sha256: Sha256 = `sha256:${this.#sha256.copy().digest('hex')}`
    const found = this.#sha512 === undefined ? sha256 : `sha512:${this.#sha512.copy().digest('hex')}`
    if (expected !== undefined && found !== expected) return undefined
    this.state = 'whole'
    this.total = this.size
    this.#beat()
    return sha256
  }

  /** After the disk failed: the bytes from `position` that were taken but never written, if any. */
  unwritten(position: number): Buffer | undefined {
    let at = this.size
    for (const chunk of [...this.#leaving, ...this.#waiting]) {
      if (position < at + chunk.length) return chunk.subarray(position - at)
      at += chunk.length
    }
    return undefined
  }

  /** The running hash over all bytes taken, for a reader that goes on without the disk. */
  hashSoFar(expected: Digest): Hash {
    return (algorithmOf(expected) === 'sha512' ? (this.#sha512 ?? this.#sha256) : this.#sha256).copy()
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
    if (--this.#users === 0) closeFile(this.fd)
  }
}

function skip(chunks: readonly Buffer[], bytes: number): Buffer[] {
  let left = bytes
  const rest: Buffer[] = []
  for (const chunk of chunks) {
    if (left >= chunk.length) left -= chunk.length
    else {
      rest.push(left === 0 ? chunk : chunk.subarray(left))
      left = 0
    }
  }
  return rest
}
