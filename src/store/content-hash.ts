import { createHash, type Hash } from 'node:crypto'
import type { DigestAlgorithm } from '../domain/digest.ts'
import { MIB } from '../domain/units.ts'
import { readFile } from './file.ts'
import { type FileHash, followFile } from './hasher.ts'

/** Content up to this size is hashed as it comes; longer content by a thread that follows the file. */
const INLINE = MIB

/**
 * The hashes of a file while it grows. Short content costs no other thread, long content costs the thread that
 * moves bytes nothing.
 */
export class ContentHash {
  readonly #fd: number
  readonly #algorithms: readonly DigestAlgorithm[]
  #inline: readonly Hash[] | undefined
  #following: FileHash | undefined
  #seen = 0

  constructor(fd: number, algorithms: readonly DigestAlgorithm[]) {
    this.#fd = fd
    this.#algorithms = algorithms
    this.#inline = algorithms.map((algorithm) => createHash(algorithm))
  }

  /** The next bytes, which will be in the file soon. */
  take(chunk: Buffer): void {
    this.#seen += chunk.length
    if (this.#inline === undefined) return
    if (this.#seen > INLINE) this.#follow()
    else for (const hash of this.#inline) hash.update(chunk)
  }

  /** So many bytes are in the file. */
  written(size: number): void {
    this.#following?.advance(size)
  }

  /** Bytes of an earlier run are in the file. */
  adopt(size: number): void {
    this.#seen = size
    this.#follow()
    this.written(size)
  }

  #follow(): void {
    this.#inline = undefined
    this.#following = followFile(this.#fd, this.#algorithms)
  }

  /** Hexadecimal hashes of all `size` bytes, once they are in the file. Rejects when it cannot be read. */
  async finish(size: number): Promise<readonly string[]> {
    if (this.#following !== undefined) return await this.#following.finish(size)
    return (this.#inline ?? []).map((hash) => hash.copy().digest('hex'))
  }

  /** Settles when the file is not read any more. */
  async drop(): Promise<void> {
    await this.#following?.drop()
  }
}

/** The running hash over the first `size` bytes of a file and `rest` after them. */
export async function hashFile(
  algorithm: DigestAlgorithm,
  file: { fd: number; size: number },
  rest: readonly Buffer[],
): Promise<Hash> {
  const hash = createHash(algorithm)
  const buffer = Buffer.allocUnsafeSlow(MIB)
  for (let at = 0; at < file.size; ) {
    const read = await readFile(file.fd, buffer, Math.min(MIB, file.size - at), at)
    if (read === 0) throw Object.assign(new Error('the part shrank while it was read'), { code: 'EIO' })
    hash.update(buffer.subarray(0, read))
    at += read
  }
  for (const chunk of rest) hash.update(chunk)
  return hash
}
