import { Transform, type TransformCallback } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { MIB } from '../domain/units.ts'
import { refused } from './refusal.ts'

export type Packing = 'gzip' | 'zstd'

/** Bytes that tell how content is packed. */
export const MAGIC_LENGTH = 6

const XZ = Buffer.from('fd377a585a00', 'hex')
const BZIP2 = Buffer.from('425a68', 'hex')
const GZIP = Buffer.from('1f8b', 'hex')
const ZSTD = Buffer.from('28b52ffd', 'hex')

/** How content that begins like this is packed; undefined: not at all. Throws AppError for what is not unpacked here. */
export function packingOf(start: Buffer): Packing | undefined {
  if (startsWith(start, GZIP)) return 'gzip'
  if (startsWith(start, ZSTD)) return 'zstd'
  for (const [magic, name] of [
    [XZ, 'xz'],
    [BZIP2, 'bzip2'],
  ] as const)
    if (startsWith(start, magic))
      throw refused(`it is packed by ${name}: unpack it first, or use gzip or zstd`)
  return undefined
}

function startsWith(bytes: Buffer, magic: Buffer): boolean {
  return bytes.subarray(0, magic.length).equals(magic)
}

/** No content that somebody made on purpose to be unpacked is packed more densely. */
const DENSEST = 2000
const FREE = 64 * MIB

/** A stream that unpacks; it fails with AppError where that gives far more than anything useful would. */
export function createUnpacker(packing: Packing) {
  const input = packing === 'gzip' ? createGunzip() : createZstdDecompress()
  const { push } = countingOf(() => input.bytesWritten)
  const output = new Transform({ transform: push, readableHighWaterMark: MIB })
  input.on('error', () =>
    output.destroy(refused(`it cannot be unpacked: its ${packing} stream is damaged or cut`)),
  )
  output.on('close', () => input.destroy())
  input.pipe(output)
  return { input, output }
}

function countingOf(packed: () => number) {
  let unpacked = 0
  return {
    push: (chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void => {
      unpacked += chunk.length
      const isBomb = unpacked > FREE + packed() * DENSEST
      if (isBomb) done(refused(`it is a bomb: ${packed()} bytes unpack to more than ${unpacked}`))
      else done(null, chunk)
    },
  }
}
