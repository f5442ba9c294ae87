import { createHash, type Hash, hash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { setImmediate as turn } from 'node:timers/promises'
import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib'
import { KIB } from '../../domain/units.ts'
import { type HashedFile, h1Of } from './h1.ts'
import {
  bytesAt,
  quoted,
  type ReadableFile,
  readDirectory,
  type ZipEntry,
  ZipProblem,
} from './zip-directory.ts'
import { checkNames, LARGEST_ZIP } from './zip-names.ts'

/** Up to here a file is unpacked in one go, which takes less than a millisecond. */
const SMALL = 256 * KIB
const PIECE = 256 * KIB
/** Milliseconds of work after which others get their turn. */
const SLICE = 5
const LOCAL = 0x04034b50
const LOCAL_SIZE = 30

/**
 * The hash of a module's zip as go.sum has it, after its names and sizes were checked. `prefix` is "module@version/".
 * Throws ZipProblem for what go would refuse too. Holds one small file, or two pieces of a large one, at a time.
 */
export async function hashZip(file: ReadableFile, prefix: string): Promise<string> {
  if (file.size > LARGEST_ZIP) throw new ZipProblem(`it has more than ${LARGEST_ZIP} bytes`)
  const entries = await readDirectory(file)
  checkNames(entries, prefix)
  const window = createWindow(file)
  const hashed: HashedFile[] = []
  let since = performance.now()
  for (const entry of entries.toSorted((a, b) => a.offset - b.offset)) {
    hashed.push({ name: entry.name, sha256: await hashEntry(window, entry) })
    if (performance.now() - since < SLICE) continue
    await turn()
    since = performance.now()
  }
  return h1Of(hashed)
}

async function hashEntry(file: ReadableFile, entry: ZipEntry): Promise<string> {
  const start = await startOf(file, entry)
  if (start + entry.packed > file.size) throw new ZipProblem(`${quoted(entry.name)} is not in it`)
  if (entry.packed > SMALL || entry.size > SMALL) return await hashLarge(file, entry, start)
  const packed = await bytesAt(file, start, entry.packed)
  const bytes = entry.method === 'stored' ? packed : inflateSmall(packed, entry)
  if (bytes.length !== entry.size || crc32(bytes) !== entry.crc) throw damaged(entry)
  return hash('sha256', bytes, 'hex')
}

/** The local header repeats the name; where the content begins is all it is asked for. */
async function startOf(file: ReadableFile, { offset, name }: ZipEntry): Promise<number> {
  const header = await bytesAt(file, offset, LOCAL_SIZE)
  if (header.readUInt32LE(0) !== LOCAL)
    throw new ZipProblem(`${quoted(name)} is not where its directory says`)
  return offset + LOCAL_SIZE + header.readUInt16LE(26) + header.readUInt16LE(28)
}

function inflateSmall(packed: Buffer, entry: ZipEntry): Buffer {
  try {
    return inflateRawSync(packed, { maxOutputLength: entry.size + 1 })
  } catch {
    throw damaged(entry)
  }
}

async function hashLarge(file: ReadableFile, entry: ZipEntry, start: number): Promise<string> {
  const sum = createHash('sha256')
  const seen = { size: 0, crc: 0 }
  try {
    if (entry.method === 'stored') {
      for await (const piece of pieces(file, entry, start)) take(piece, entry, { sum, seen })
    } else {
      await pipeline(pieces(file, entry, start), createInflateRaw({ chunkSize: PIECE }), async (unpacked) => {
        // Without an encoding set, a stream of bytes gives Buffers.
        for await (const piece of unpacked) take(piece as Buffer, entry, { sum, seen })
      })
    }
  } catch (error) {
    // What zlib says of its input carries a code that begins so.
    const isZlib = error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')
    throw isZlib ? damaged(entry) : error
  }
  if (seen.size !== entry.size || seen.crc !== entry.crc) throw damaged(entry)
  return sum.digest('hex')
}

interface Seen {
  readonly sum: Hash
  readonly seen: { size: number; crc: number }
}

function take(bytes: Buffer, entry: ZipEntry, { sum, seen }: Seen): void {
  seen.size += bytes.length
  if (seen.size > entry.size) throw damaged(entry)
  seen.crc = crc32(bytes, seen.crc)
  sum.update(bytes)
}

async function* pieces(file: ReadableFile, { packed }: ZipEntry, start: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < packed; at += PIECE)
    yield await bytesAt(file, start + at, Math.min(PIECE, packed - at))
}

function damaged({ name }: ZipEntry): ZipProblem {
  return new ZipProblem(`${quoted(name)} in it is damaged`)
}

/** Files of a zip follow each other: one read of the disk serves many small ones. */
function createWindow(file: ReadableFile): ReadableFile {
  let bytes: Buffer = Buffer.alloc(0)
  let from = 0
  return {
    size: file.size,
    read: async (buffer, position) => {
      if (buffer.length >= PIECE) return await file.read(buffer, position)
      const isHere = position >= from && position + buffer.length <= from + bytes.length
      if (!isHere) {
        const length = Math.min(2 * PIECE, file.size - position)
        if (length <= 0) return 0
        bytes = await bytesAt(file, position, length)
        from = position
      }
      return bytes.copy(buffer, 0, position - from)
    },
  }
}
