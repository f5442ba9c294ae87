import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { h1Of, h1OfMod } from '../../../src/frontends/go/h1.ts'
import { type ReadableFile, ZipProblem } from '../../../src/frontends/go/zip-directory.ts'
import { hashZip } from '../../../src/frontends/go/zip-hash.ts'
import { makeZip, type ZipFile } from '../../support/fake-go-zip.ts'

const PREFIX = 'example.com/a@v1.0.0/'

function fileOf(bytes: Buffer): ReadableFile & { largest: number } {
  const file = {
    size: bytes.length,
    largest: 0,
    read: async (buffer: Buffer, position: number) => {
      file.largest = Math.max(file.largest, buffer.length)
      return bytes.copy(buffer, 0, position)
    },
  }
  return file
}

/** The definition (dirhash.Hash1), written down once more. */
function expected(files: readonly { name: string; bytes: Buffer }[]): string {
  const lines = files
    .map(({ name, bytes }) => [name, createHash('sha256').update(bytes).digest('hex')] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, hex]) => `${hex}  ${name}\n`)
  return `h1:${createHash('sha256').update(lines.join('')).digest('base64')}`
}

const small = { name: `${PREFIX}go.mod`, bytes: Buffer.from('module example.com/a\n') }
const empty = { name: `${PREFIX}empty`, bytes: Buffer.alloc(0) }

test('the hash of an empty go.mod is the known one', () => {
  // As go itself states it for a go.mod without a byte: sha256 of the line with the hash of nothing.
  assert.equal(h1OfMod(Buffer.alloc(0)), expected([{ name: 'go.mod', bytes: Buffer.alloc(0) }]))
  assert.match(h1Of([]), /^h1:47DEQpj8HBSa/)
})

test('the hash does not depend on order, packing, comment or the size of files', async () => {
  const large = { name: `${PREFIX}Z/large.bin`, bytes: randomBytes(3_000_000) }
  const text = { name: `${PREFIX}b/text.txt`, bytes: Buffer.from('x'.repeat(5_000_000)) }
  const files = [large, small, text, empty, { name: `${PREFIX}dir/`, bytes: Buffer.alloc(0) }]
  const wanted = expected(files)
  const zips = [
    makeZip(files),
    makeZip(files.toReversed()),
    makeZip(files.map((file) => ({ ...file, method: 0 as const }))),
    makeZip(files, { large: true }),
    makeZip(files, { comment: 'PK\x05\x06 is no end' }),
  ]
  for (const zip of zips) assert.equal(await hashZip(fileOf(zip), PREFIX), wanted)
})

test('a large file is read in pieces', async () => {
  const file = fileOf(makeZip([small, { name: `${PREFIX}large`, bytes: randomBytes(8_000_000) }]))
  await hashZip(file, PREFIX)
  assert.ok(file.largest <= 512 * 1024, `read ${file.largest} bytes at once`)
})

const bytes = Buffer.from('some text, some text, some text')
const large = randomBytes(600_000)
const refused: Record<string, readonly ZipFile[]> = {
  'a name outside of the module': [{ name: 'example.com/b@v1.0.0/go.mod', bytes }],
  'another version': [{ name: 'example.com/a@v1.0.1/go.mod', bytes }],
  'a way up': [{ name: `${PREFIX}../../etc/passwd`, bytes }],
  'a dot': [{ name: `${PREFIX}./go.mod`, bytes }],
  'an empty element': [{ name: `${PREFIX}a//b`, bytes }],
  'a backslash': [{ name: `${PREFIX}a\\b`, bytes }],
  'a line feed': [{ name: `${PREFIX}a\nb`, bytes }],
  'one name twice': [small, small],
  'one name in two cases': [
    { name: `${PREFIX}README`, bytes },
    { name: `${PREFIX}readme`, bytes },
  ],
  'one folder in two cases': [
    { name: `${PREFIX}Docs/a`, bytes },
    { name: `${PREFIX}docs/b`, bytes },
  ],
  'a file that is a folder too': [
    { name: `${PREFIX}docs`, bytes },
    { name: `${PREFIX}docs/b`, bytes },
  ],
  'a wrong checksum': [{ name: `${PREFIX}a`, bytes, claims: { crc: 1 } }],
  'a wrong checksum of a large file': [{ name: `${PREFIX}a`, bytes: large, claims: { crc: 1 } }],
  'more than it says': [{ name: `${PREFIX}a`, bytes, claims: { size: 3 } }],
  'less than it says': [{ name: `${PREFIX}a`, bytes, claims: { size: 300 } }],
  'a large file with more than it says': [{ name: `${PREFIX}a`, bytes: large, claims: { size: 300_000 } }],
  'a large file with less than it says': [{ name: `${PREFIX}a`, bytes: large, claims: { size: 700_000 } }],
  'a bomb': [{ name: `${PREFIX}a`, bytes: Buffer.alloc(20_000_000), claims: { size: 1000 } }],
  'too much in all': [{ name: `${PREFIX}a`, bytes, claims: { size: 600_000_000 } }],
  'bytes that are not in it': [{ name: `${PREFIX}a`, bytes, claims: { packed: 1_000_000 } }],
  'a place that is not in it': [{ name: `${PREFIX}a`, bytes, claims: { offset: 1_000_000 } }],
  'a place that is another': [{ name: `${PREFIX}a`, bytes, claims: { offset: 3 } }],
  'an unknown packing': [{ name: `${PREFIX}a`, bytes, claims: { method: 12 } }],
  'packed bytes called plain': [{ name: `${PREFIX}a`, bytes, claims: { method: 0 } }],
  'plain bytes called packed': [{ name: `${PREFIX}a`, bytes: large, method: 0, claims: { method: 8 } }],
  encryption: [{ name: `${PREFIX}a`, bytes, claims: { flags: 1 } }],
}

for (const [what, files] of Object.entries(refused)) {
  test(`a zip with ${what} is refused`, async () => {
    await assert.rejects(hashZip(fileOf(makeZip(files)), PREFIX), ZipProblem)
  })
}

test('what is cut or no zip at all is refused', async () => {
  const zip = makeZip([small, { name: `${PREFIX}b`, bytes: large }])
  for (const cut of [
    zip.subarray(0, -1),
    zip.subarray(0, 1000),
    Buffer.alloc(0),
    Buffer.from('<html>'),
    zip.subarray(7),
  ])
    await assert.rejects(hashZip(fileOf(cut), PREFIX), ZipProblem)
})

test('whatever is damaged in a zip, the hash is right or it is refused', async () => {
  const zip = makeZip([small, { name: `${PREFIX}b`, bytes }])
  const wanted = await hashZip(fileOf(zip), PREFIX)
  for (let at = 0; at < zip.length; at++) {
    const damaged = Buffer.from(zip)
    damaged[at] = (damaged[at] ?? 0) ^ 0x55
    const found = await hashZip(fileOf(damaged), PREFIX).catch((error: unknown) => {
      assert.ok(error instanceof ZipProblem, `byte ${at}: ${String(error)}`)
    })
    // Names are part of the hash; fields that nobody reads may hold anything.
    if (found !== undefined && found !== wanted) assert.ok(at >= zip.indexOf('PK\x01\x02'), `byte ${at}`)
  }
})
