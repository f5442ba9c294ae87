import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** A value as a page of SQLite holds it. */
export type Cell = null | number | string | Buffer

/** A row found in a page, of a table that nobody tells. */
export interface FoundRow {
  /** Undefined in tables without rowid, and in indexes. */
  readonly rowid: number | undefined
  readonly values: readonly Cell[]
}

const PAGE = 4096
const LOG_HEADER = 32
const FRAME_HEADER = 24

/** The pages of a database, each in its newest version: that of its log where it has one there. */
interface Pages {
  readonly count: number
  read(page: number): Buffer
  close(): void
}

/**
 * Every row that any page of a database holds, without its schema: after the first page is gone nothing else says what
 * the others are. Rows that were replaced or removed may come too. Throws only when the file cannot be read.
 */
export function* rowsInPages(file: string): Generator<FoundRow> {
  const pages = openPages(file)
  try {
    for (let page = 2; page <= pages.count; page++) yield* rowsOf(pages, pages.read(page))
  } finally {
    pages.close()
  }
}

function openPages(file: string): Pages {
  const fd = openSync(file, 'r')
  const log = openLog(`${file}-wal`)
  const inFile = Math.floor(fstatSync(fd).size / PAGE)
  return {
    count: Math.max(inFile, ...log.frames.keys()),
    read: (page) => {
      const bytes = Buffer.alloc(PAGE)
      const frame = log.frames.get(page)
      if (frame === undefined) readSync(fd, bytes, 0, PAGE, (page - 1) * PAGE)
      else readSync(log.fd, bytes, 0, PAGE, frame)
      return bytes
    },
    close: () => {
      closeSync(fd)
      if (log.fd >= 0) closeSync(log.fd)
    },
  }
}

/** Where in the log the newest version of each page begins. Frames of an earlier use of the log have another salt. */
function openLog(file: string): { readonly fd: number; readonly frames: ReadonlyMap<number, number> } {
  const frames = new Map<number, number>()
  let fd = -1
  try {
    fd = openSync(file, 'r')
  } catch {
    return { fd, frames }
  }
  const head = Buffer.alloc(LOG_HEADER)
  readSync(fd, head, 0, LOG_HEADER, 0)
  const frame = Buffer.alloc(FRAME_HEADER)
  for (let at = LOG_HEADER; readSync(fd, frame, 0, FRAME_HEADER, at) === FRAME_HEADER; ) {
    if (!frame.subarray(8, 16).equals(head.subarray(16, 24))) break
    at += FRAME_HEADER
    frames.set(frame.readUInt32BE(0), at)
    at += PAGE
  }
  return { fd, frames }
}

/** What a page with rows says about itself, in its first byte. */
const KINDS: Readonly<Record<number, { readonly leaf: boolean; readonly rowids: boolean }>> = {
  2: { leaf: false, rowids: false },
  10: { leaf: true, rowids: false },
  13: { leaf: true, rowids: true },
}

/** See "The SQLite database file format": a header, pointers to cells, cells. */
function* rowsOf(pages: Pages, page: Buffer): Generator<FoundRow> {
  const kind = KINDS[page.readUInt8(0)]
  if (kind === undefined) return
  const first = kind.leaf ? 8 : 12
  const count = Math.min(page.readUInt16BE(3), (PAGE - first) / 2)
  for (let cell = 0; cell < count; cell++) {
    try {
      const start = page.readUInt16BE(first + cell * 2) + (kind.leaf ? 0 : 4)
      const size = readVarint(page, start)
      const rowid = kind.rowids ? readVarint(page, size.next) : undefined
      const from = { page, at: (rowid ?? size).next, size: size.value, rowids: kind.rowids }
      yield { rowid: rowid?.value, values: readRecord(payloadOf(pages, from)) }
    } catch {
      // No cell at all: the page is something else, or damaged.
    }
  }
}

interface Payload {
  readonly page: Buffer
  readonly at: number
  readonly size: number
  readonly rowids: boolean
}

/** What does not fit into a page goes on in others. */
function payloadOf(pages: Pages, { page, at, size, rowids }: Payload): Buffer {
  if (size > MOST) throw new RangeError('too large')
  const most = rowids ? PAGE - 35 : Math.floor(((PAGE - 12) * 64) / 255) - 23
  if (size <= most) return whole(page, at, size)
  const least = Math.floor(((PAGE - 12) * 32) / 255) - 23
  const rest = least + ((size - least) % (PAGE - 4))
  const here = rest <= most ? rest : least
  const pieces = [whole(page, at, here)]
  let next = page.readUInt32BE(at + here)
  for (let left = size - here; left > 0; ) {
    if (next < 2 || next > pages.count) throw new RangeError('no such page')
    const more = pages.read(next)
    pieces.push(more.subarray(4, 4 + Math.min(left, PAGE - 4)))
    left -= PAGE - 4
    next = more.readUInt32BE(0)
  }
  return Buffer.concat(pieces)
}

/** Rows of ours are far smaller. */
const MOST = 1024 * 1024

function whole(bytes: Buffer, at: number, size: number): Buffer {
  if (at + size > bytes.length) throw new RangeError('beyond its end')
  return bytes.subarray(at, at + size)
}

function readRecord(payload: Buffer): readonly Cell[] {
  const head = readVarint(payload, 0)
  const values: Cell[] = []
  let at = head.value
  for (let next = head.next; next < head.value; ) {
    const type = readVarint(payload, next)
    next = type.next
    const size = sizeOf(type.value)
    values.push(readCell(type.value, whole(payload, at, size)))
    at += size
  }
  if (at !== payload.length) throw new RangeError('no record')
  return values
}

const INTEGERS = [0, 1, 2, 3, 4, 6, 8]

function sizeOf(type: number): number {
  if (type >= 12) return Math.floor((type - 12) / 2)
  return type === 7 ? 8 : (INTEGERS[type] ?? 0)
}

function readCell(type: number, bytes: Buffer): Cell {
  if (type >= 12) return type % 2 === 0 ? Buffer.from(bytes) : bytes.toString('utf8')
  if (type === 8 || type === 9) return type - 8
  if (type === 0) return null
  if (type === 7) return bytes.readDoubleBE(0)
  return bytes.length === 8 ? Number(bytes.readBigInt64BE(0)) : bytes.readIntBE(0, bytes.length)
}

/** Up to nine bytes, seven bits each, eight in the last. */
function readVarint(bytes: Buffer, from: number): { readonly value: number; readonly next: number } {
  let value = 0
  for (let at = from; at < from + 8; at++) {
    const byte = bytes.readUInt8(at)
    value = value * 128 + (byte & 0x7f)
    if (byte < 0x80) return { value, next: at + 1 }
  }
  return { value: value * 256 + bytes.readUInt8(from + 8), next: from + 9 }
}
