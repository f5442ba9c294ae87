import { crc32, deflateRawSync } from 'node:zlib'

/** A file of a zip that a test makes, right or wrong. */
export interface ZipFile {
  readonly name: string
  readonly bytes: Buffer
  /** 8 (deflate) unless given. */
  readonly method?: 0 | 8
  /** What the directory says of it, where that is to be wrong. */
  readonly claims?: Partial<Record<'crc' | 'size' | 'packed' | 'offset' | 'method' | 'flags', number>>
}

/** A zip as Go's own writer makes it: sizes follow the content, and the directory has them all. */
export function makeZip(
  files: readonly ZipFile[],
  options: { large?: boolean; comment?: string } = {},
): Buffer {
  const bodies: Buffer[] = []
  const headers: Buffer[] = []
  let offset = 0
  for (const file of files) {
    const { body, header } = packed(file, offset)
    bodies.push(body)
    headers.push(header)
    offset += body.length
  }
  const directory = Buffer.concat(headers)
  return Buffer.concat([...bodies, directory, endOf(files.length, directory.length, offset, options)])
}

function packed({ name, bytes, method = 8, claims = {} }: ZipFile, offset: number) {
  const content = method === 0 ? bytes : deflateRawSync(bytes)
  const facts = {
    crc: crc32(bytes),
    size: bytes.length,
    packed: content.length,
    offset,
    method,
    flags: 0x808,
    ...claims,
  }
  const label = Buffer.from(name)
  const local = Buffer.alloc(30)
  local.writeUInt32LE(0x04034b50, 0)
  local.writeUInt16LE(0x808, 6)
  local.writeUInt16LE(method, 8)
  local.writeUInt16LE(label.length, 26)
  const after = Buffer.alloc(16)
  after.writeUInt32LE(0x08074b50, 0)
  after.writeUInt32LE(crc32(bytes), 4)
  after.writeUInt32LE(content.length, 8)
  after.writeUInt32LE(bytes.length, 12)
  const header = Buffer.alloc(46)
  header.writeUInt32LE(0x02014b50, 0)
  header.writeUInt16LE(facts.flags, 8)
  header.writeUInt16LE(facts.method, 10)
  header.writeUInt32LE(facts.crc, 16)
  header.writeUInt32LE(facts.packed, 20)
  header.writeUInt32LE(facts.size, 24)
  header.writeUInt16LE(label.length, 28)
  header.writeUInt32LE(facts.offset, 42)
  return { body: Buffer.concat([local, label, content, after]), header: Buffer.concat([header, label]) }
}

function endOf(
  count: number,
  size: number,
  offset: number,
  options: { large?: boolean; comment?: string },
): Buffer {
  const comment = Buffer.from(options.comment ?? '')
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(options.large === true ? 0xffff : count, 8)
  end.writeUInt16LE(options.large === true ? 0xffff : count, 10)
  end.writeUInt32LE(options.large === true ? 0xffffffff : size, 12)
  end.writeUInt32LE(options.large === true ? 0xffffffff : offset, 16)
  end.writeUInt16LE(comment.length, 20)
  return Buffer.concat([
    options.large === true ? largeEnd(count, size, offset) : Buffer.alloc(0),
    end,
    comment,
  ])
}

function largeEnd(count: number, size: number, offset: number): Buffer {
  const record = Buffer.alloc(56)
  record.writeUInt32LE(0x06064b50, 0)
  record.writeBigUInt64LE(44n, 4)
  record.writeBigUInt64LE(BigInt(count), 24)
  record.writeBigUInt64LE(BigInt(count), 32)
  record.writeBigUInt64LE(BigInt(size), 40)
  record.writeBigUInt64LE(BigInt(offset), 48)
  const locator = Buffer.alloc(20)
  locator.writeUInt32LE(0x07064b50, 0)
  locator.writeBigUInt64LE(BigInt(offset + size), 8)
  locator.writeUInt32LE(1, 16)
  return Buffer.concat([record, locator])
}

/** The zip of a module with these files, as a proxy gives it out. */
export function moduleZip(
  module: string,
  version: string,
  files: Readonly<Record<string, string | Buffer>>,
): Buffer {
  return makeZip(
    Object.entries(files).map(([path, text]) => ({
      name: `${module}@${version}/${path}`,
      bytes: Buffer.from(text),
    })),
  )
}
