import { KIB, MIB } from '../../domain/units.ts'

/** A file that can be read anywhere. */
export interface ReadableFile {
  readonly size: number
  /** Fills the buffer from `position` on; resolves with how many bytes there were. */
  read(buffer: Buffer, position: number): Promise<number>
}

/** A file in a zip, as its central directory has it. */
export interface ZipEntry {
  readonly name: string
  readonly method: 'stored' | 'deflated'
  readonly crc: number
  /** Bytes in the zip, and unpacked. */
  readonly packed: number
  readonly size: number
  /** Where its local header begins. */
  readonly offset: number
}

/** Why a zip is none that a module may have. */
export class ZipProblem extends Error {}

const END = 0x06054b50
const END_SIZE = 22
const LONGEST_COMMENT = 64 * KIB
const LOCATOR = 0x07064b50
const LOCATOR_SIZE = 20
const END_64 = 0x06064b50
const END_64_SIZE = 56
const HEADER = 0x02014b50
const HEADER_SIZE = 46
/** Of all headers together. The largest modules there are have some ten thousand files. */
const LARGEST_DIRECTORY = 32 * MIB
const MOST_FILES = 200_000
const ENCRYPTED = 0x1

/** The files of a zip (PKWARE APPNOTE 4.3.12), in its own order. Throws ZipProblem. */
export async function readDirectory(file: ReadableFile): Promise<readonly ZipEntry[]> {
  const { count, size, offset } = await findDirectory(file)
  if (size > LARGEST_DIRECTORY || count > MOST_FILES) throw new ZipProblem('it has too many files')
  if (offset + size > file.size) throw new ZipProblem('its directory is not in it')
  const directory = await bytesAt(file, offset, size)
  const entries: ZipEntry[] = []
  for (let at = 0; entries.length < count; ) {
    if (at + HEADER_SIZE > size || directory.readUInt32LE(at) !== HEADER)
      throw new ZipProblem('its directory breaks off')
    const end = at + HEADER_SIZE + lengthsAt(directory, at)
    if (end > size) throw new ZipProblem('its directory breaks off')
    entries.push(entryAt(directory, at))
    at = end
  }
  return entries
}

interface Place {
  readonly count: number
  readonly size: number
  readonly offset: number
}

/** The end of a zip says where its directory is. */
async function findDirectory(file: ReadableFile): Promise<Place> {
  const length = Math.min(file.size, END_SIZE + LONGEST_COMMENT)
  const tail = await bytesAt(file, file.size - length, length)
  for (let at = tail.length - END_SIZE; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== END) continue
    if (at + END_SIZE + tail.readUInt16LE(at + 20) > tail.length) continue
    const place = {
      count: tail.readUInt16LE(at + 10),
      size: tail.readUInt32LE(at + 12),
      offset: tail.readUInt32LE(at + 16),
    }
    const isLarge = place.count === 0xffff || place.size === 0xffffffff || place.offset === 0xffffffff
    return isLarge ? await findLargeDirectory(file, file.size - length + at) : place
  }
  throw new ZipProblem('it is no zip file')
}

/** More than 65534 files need the other record (4.3.14). */
async function findLargeDirectory(file: ReadableFile, end: number): Promise<Place> {
  if (end < LOCATOR_SIZE) throw new ZipProblem('its end is damaged')
  const locator = await bytesAt(file, end - LOCATOR_SIZE, LOCATOR_SIZE)
  if (locator.readUInt32LE(0) !== LOCATOR) throw new ZipProblem('its end is damaged')
  const at = toNumber(locator.readBigUInt64LE(8))
  if (at + END_64_SIZE > file.size) throw new ZipProblem('its end is damaged')
  const record = await bytesAt(file, at, END_64_SIZE)
  if (record.readUInt32LE(0) !== END_64) throw new ZipProblem('its end is damaged')
  return {
    count: toNumber(record.readBigUInt64LE(32)),
    size: toNumber(record.readBigUInt64LE(40)),
    offset: toNumber(record.readBigUInt64LE(48)),
  }
}

function toNumber(value: bigint): number {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : Number.MAX_SAFE_INTEGER
}

/** Bytes of name, extra fields and comment behind a header. */
function lengthsAt(directory: Buffer, at: number): number {
  return directory.readUInt16LE(at + 28) + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32)
}

function entryAt(directory: Buffer, at: number): ZipEntry {
  const bytes = directory.subarray(at + HEADER_SIZE, at + HEADER_SIZE + directory.readUInt16LE(at + 28))
  const name = bytes.toString('utf8')
  if (!Buffer.from(name).equals(bytes)) throw new ZipProblem('a name in it is no UTF-8')
  const method = directory.readUInt16LE(at + 10)
  if (method !== 0 && method !== 8) throw new ZipProblem(`${quoted(name)} is packed in an unknown way`)
  if ((directory.readUInt16LE(at + 8) & ENCRYPTED) !== 0) throw new ZipProblem(`${quoted(name)} is encrypted`)
  return {
    name,
    method: method === 0 ? 'stored' : 'deflated',
    crc: directory.readUInt32LE(at + 16),
    packed: directory.readUInt32LE(at + 20),
    size: directory.readUInt32LE(at + 24),
    offset: directory.readUInt32LE(at + 42),
  }
}

/** A name as it may stand in a message. */
export function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 200))
}

/** Exactly these bytes. Throws ZipProblem where the file ends before. */
export async function bytesAt(file: ReadableFile, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  let filled = 0
  while (filled < length) {
    const count = await file.read(buffer.subarray(filled), position + filled)
    if (count <= 0) throw new ZipProblem('it breaks off')
    filled += count
  }
  return buffer
}
