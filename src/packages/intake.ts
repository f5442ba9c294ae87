import { createHash, randomBytes } from 'node:crypto'
import { finished } from 'node:stream/promises'
import type { Quota, Reservation } from '../cache/quota.ts'
import type { Index } from '../db/index.ts'
import { type Digest, digestOf, isSha256, parseDigest, type Sha256 } from '../domain/digest.ts'
import { AppError } from '../domain/errors.ts'
import { MIB } from '../domain/units.ts'
import type { OciSettings } from '../frontends/oci/front-end.ts'
import type { Part } from '../store/part.ts'
import type { Store } from '../store/store.ts'
import { refused } from './refusal.ts'
import { createUnpacker, MAGIC_LENGTH, type Packing, packingOf } from './unpack.ts'

/** A file of an archive, read to its end: in memory, in a part of its own, or known because it is cached already. */
export type Item = Facts &
  (
    | { readonly kind: 'small'; readonly bytes: Buffer }
    | { readonly kind: 'part'; readonly part: Part }
    | { readonly kind: 'here' }
  )

interface Facts {
  readonly size: number
  readonly sha256: Sha256
  /** As its path says it; verified. */
  readonly named: Digest | undefined
  readonly packing: Packing | undefined
  /** Digest of what is packed; undefined for what is not packed, and for what a digest names. */
  readonly unpacked: Sha256 | undefined
}

/** Takes files in. Everything is given back with `close`, whatever became of it. */
export interface Intake {
  take(path: string, size: number, content: AsyncIterable<Buffer>): Promise<Item>
  /** Content that was made here, as a part that is ready to land. */
  write(bytes: Buffer): Promise<Part>
  /** Bytes of a document. Throws AppError for what is too long to be one. */
  bytesOf(item: Item): Promise<Buffer>
  /** This part belongs to the store now. */
  landed(part: Part): void
  /** Discards all that did not land. */
  close(): Promise<void>
}

export interface IntakeDeps {
  readonly index: Index
  readonly store: Store
  readonly quota: Quota
  readonly settings: () => OciSettings
}

const SMALL = 4 * MIB
/** Small files are kept in memory up to this sum. */
const MOST_IN_MEMORY = 64 * MIB
/** Each has a file open. */
const MOST_PARTS = 2000

export function createIntake(deps: IntakeDeps): Intake {
  const { index, store, settings } = deps
  const bench = createBench(deps)
  let inMemory = 0

  const toMemory = async (path: string, named: Digest | undefined, file: Incoming): Promise<Item> => {
    inMemory += file.size
    const bytes = await collect(file.content, file.size)
    requireSize(path, file.size, bytes.length)
    const sha256 = digestOf(bytes)
    if (named !== undefined && named !== sha256 && named !== digestOf(bytes, 'sha512')) throw lying(path)
    const { packing } = file
    return { kind: 'small', bytes, size: bytes.length, sha256, named, packing, unpacked: file.unpacked() }
  }

  return {
    take: async (path, size, content) => {
      const { maxBlob } = settings().limits
      if (maxBlob > 0 && size > maxBlob) throw new AppError('too_large', { message: `${path} is too large` })
      const named = digestIn(path)
      const file = await lookAt(size, content, named === undefined)
      if (size <= SMALL && inMemory + size <= MOST_IN_MEMORY) return await toMemory(path, named, file)
      const known = named !== undefined && isSha256(named) ? index.blobs.find(named) : undefined
      const isHere = known?.size === size && store.hasFile(known.digest)
      return isHere
        ? await compare(path, known.digest, { file, bench })
        : await toPart(path, named, { file, bench })
    },
    write: async (bytes) => {
      const part = await bench.begin(bytes.length, undefined)
      await part.write(bytes)
      await finish(part, undefined)
      return part
    },
    bytesOf: async (item) => {
      if (item.kind === 'small') return item.bytes
      if (item.kind === 'here' || item.size > SMALL) throw refused('it has a manifest that is far too long')
      const buffer = Buffer.alloc(item.size)
      await item.part.read(buffer, 0)
      return buffer
    },
    landed: bench.landed,
    close: bench.close,
  }
}

/** What is taken from the store for a while: parts with the room for them, and content that must not leave. */
interface Bench extends Pick<Intake, 'landed' | 'close'> {
  begin(size: number, expected: Digest | undefined): Promise<Part>
  hold(digest: Sha256): void
}

function createBench({ store, quota }: Pick<IntakeDeps, 'store' | 'quota'>): Bench {
  const parts = new Map<Part, Reservation>()
  const holds: (() => void)[] = []
  return {
    begin: async (size, expected) => {
      if (parts.size >= MOST_PARTS) throw refused(`it holds more than ${MOST_PARTS} large files`)
      const room = await quota.reserve(size)
      if (room === undefined) throw noRoom(size)
      try {
        const part = await store.begin(`document-${randomBytes(12).toString('hex')}`, expected)
        parts.set(part, room)
        return part
      } catch (error) {
        room.release()
        throw error
      }
    },
    hold: (digest) => void holds.push(store.hold(digest)),
    landed: (part) => {
      parts.get(part)?.release()
      parts.delete(part)
      part.release()
    },
    close: async () => {
      for (const [part, room] of parts) {
        await store.discard(part).catch(() => undefined)
        part.release()
        room.release()
      }
      parts.clear()
      for (const letGo of holds) letGo()
    },
  }
}

/** The digest of a part that is written; undefined where it is not the expected one. */
async function finish(part: Part, expected: Digest | undefined): Promise<Sha256 | undefined> {
  await part.flushed()
  if (part.state === 'broken') throw part.reason
  const found = await part.verify(expected)
  if (found !== undefined) await part.sync()
  return found
}

interface Taking {
  readonly file: Incoming
  readonly bench: Bench
}

async function toPart(path: string, named: Digest | undefined, { file, bench }: Taking): Promise<Item> {
  const part = await bench.begin(file.size, named)
  for await (const chunk of file.content) await part.write(chunk)
  const sha256 = await finish(part, named)
  if (sha256 === undefined) throw lying(path)
  requireSize(path, file.size, part.size)
  const { packing } = file
  return { kind: 'part', part, size: part.size, sha256, named, packing, unpacked: file.unpacked() }
}

/** What is cached already is only compared. */
async function compare(path: string, named: Sha256, { file, bench }: Taking): Promise<Item> {
  bench.hold(named)
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of file.content) {
    hash.update(chunk)
    size += chunk.length
  }
  if (`sha256:${hash.digest('hex')}` !== named) throw lying(path)
  requireSize(path, file.size, size)
  return { kind: 'here', size, sha256: named, named, packing: file.packing, unpacked: undefined }
}

interface Incoming {
  readonly size: number
  readonly content: AsyncIterable<Buffer>
  readonly packing: Packing | undefined
  /** Once the content was read. */
  unpacked(): Sha256 | undefined
}

/** Looks at the first bytes of a file; where nothing names what is packed in it, that is hashed along the way. */
async function lookAt(size: number, content: AsyncIterable<Buffer>, isNameless: boolean): Promise<Incoming> {
  const chunks = content[Symbol.asyncIterator]()
  let start: Buffer = Buffer.alloc(0)
  while (start.length < MAGIC_LENGTH) {
    const next = await chunks.next()
    if (next.done === true) break
    start = start.length === 0 ? next.value : Buffer.concat([start, next.value])
  }
  const all = (async function* () {
    if (start.length > 0) yield start
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value
  })()
  const packing = size < MAGIC_LENGTH ? undefined : packingOf(start)
  if (packing === undefined || !isNameless) return { size, content: all, packing, unpacked: () => undefined }
  let unpacked: Sha256 | undefined
  const hashed = unpackBeside(all, packing, (digest) => {
    unpacked = digest
  })
  return { size, content: hashed, packing, unpacked: () => unpacked }
}

/** The same bytes, while what is packed in them is hashed. */
async function* unpackBeside(
  content: AsyncIterable<Buffer>,
  packing: Packing,
  done: (digest: Sha256) => void,
): AsyncGenerator<Buffer> {
  const { input, output } = createUnpacker(packing)
  const hash = createHash('sha256')
  output.on('data', (chunk: Buffer) => hash.update(chunk))
  const ended = finished(output)
  ended.catch(() => undefined)
  try {
    for await (const chunk of content) {
      if (!input.write(chunk))
        await Promise.race([ended, new Promise((resolve) => input.once('drain', resolve))])
      yield chunk
    }
    input.end()
    await ended
    done(`sha256:${hash.digest('hex')}`)
  } finally {
    output.destroy()
  }
}

/** "blobs/sha256/<hex>" states what the file holds. */
function digestIn(path: string): Digest | undefined {
  const [, algorithm = '', hex = ''] = /^blobs\/(sha256|sha512)\/([^/]+)$/.exec(path) ?? []
  return parseDigest(`${algorithm}:${hex}`)
}

async function collect(content: AsyncIterable<Buffer>, most: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of content) {
    size += chunk.length
    if (size <= most) chunks.push(chunk)
  }
  return size > most ? Buffer.alloc(0) : Buffer.concat(chunks)
}

function requireSize(path: string, said: number, found: number): void {
  if (said !== found) throw refused(`${path} is cut: ${found} of ${said} bytes`)
}

function lying(path: string): AppError {
  return refused(`${path} holds other bytes than its name says: the archive is damaged`)
}

function noRoom(bytes: number): AppError {
  return new AppError('too_large', {
    message: `there is no room for ${bytes} bytes within storage.max_size and min_free`,
    hint: 'make room (cachalot gc --free SIZE), or raise storage.max_size',
  })
}
