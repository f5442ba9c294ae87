import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SUM_GOLANG_ORG } from '../../../src/domain/checksum-database.ts'
import { AppError } from '../../../src/domain/errors.ts'
import { headIn, parseLookupAnswer, statedIn, verifierOf } from '../../../src/frontends/go/lookup.ts'
import { parseVerifier, type Verifier } from '../../../src/frontends/go/note.ts'
import { requireRecord } from '../../../src/frontends/go/proof.ts'
import { formatTile, type Tile } from '../../../src/frontends/go/tile.ts'
import { createFakeSumdb, type FakeSumdb } from '../../support/fake-go-sumdb.ts'

const file = { module: 'example.com/A', version: 'v1.0.0' }

function addTo(sumdb: FakeSumdb): void {
  sumdb.add('example.com/A', 'v1.0.0', 'example.com/A v1.0.0 h1:zip=\nexample.com/A v1.0.0/go.mod h1:mod=\n')
}

function read(sumdb: FakeSumdb, damage?: (tile: Buffer) => void) {
  return async (tile: Tile): Promise<Buffer> => {
    const bytes = sumdb.answer(`/${formatTile(tile)}`)
    assert.ok(bytes, formatTile(tile))
    damage?.(bytes)
    return bytes
  }
}

function verifierIn({ key }: FakeSumdb): Verifier {
  const verifier = parseVerifier(key)
  assert.ok(verifier)
  return verifier
}

function lookupIn(sumdb: FakeSumdb) {
  const lookup = parseLookupAnswer(sumdb.answer('/lookup/example.com/!a@v1.0.0') ?? Buffer.alloc(0))
  assert.ok(lookup)
  return lookup
}

test('the key of sum.golang.org is one', () => {
  assert.equal(parseVerifier(SUM_GOLANG_ORG)?.name, 'sum.golang.org')
})

test('malformed keys are none', () => {
  const wrong = [
    '',
    'sum.golang.org',
    SUM_GOLANG_ORG.replace('033de0ae', '033de0af'),
    SUM_GOLANG_ORG.replace('sum', 'som'),
  ]
  for (const text of wrong) assert.equal(parseVerifier(text), undefined, text)
  assert.equal(verifierOf({ key: 'x+y' }), 'malformed')
  assert.equal(verifierOf({ key: undefined }), undefined)
})

for (const padding of [0, 1, 2, 7, 255, 256, 257, 300, 511, 512, 1000, 70_000]) {
  test(`a record after ${padding} others is proven by signature and tiles`, async () => {
    const sumdb = createFakeSumdb('sum.test', padding)
    addTo(sumdb)
    if (padding % 2 === 0) sumdb.add('example.com/later', 'v1.0.0', 'example.com/later v1.0.0 h1:x=\n')
    const lookup = lookupIn(sumdb)
    const head = headIn(lookup.note, verifierIn(sumdb))
    assert.ok(head)
    await requireRecord(lookup, head, { read: read(sumdb), upstream: 'sum.test' })
    assert.deepEqual(statedIn(lookup, { ...file, suffix: 'zip' }), ['h1:zip='])
    assert.deepEqual(statedIn(lookup, { ...file, suffix: 'mod' }), ['h1:mod='])
    assert.deepEqual(statedIn(lookup, { ...file, version: 'v1.0.1', suffix: 'zip' }), [])
  })
}

test('another text, another place, other tiles: not proven', async () => {
  const sumdb = createFakeSumdb('sum.test')
  addTo(sumdb)
  const lookup = lookupIn(sumdb)
  const head = headIn(lookup.note, verifierIn(sumdb))
  assert.ok(head)
  const lies = [
    [{ ...lookup, text: lookup.text.replace('h1:zip', 'h1:zap') }, read(sumdb)],
    [{ ...lookup, id: 5 }, read(sumdb)],
    [{ ...lookup, id: 5000 }, read(sumdb)],
    [lookup, read(sumdb, (tile) => tile.fill(0))],
    [lookup, async () => Buffer.alloc(0)],
  ] as const
  for (const [told, tiles] of lies)
    await assert.rejects(requireRecord(told, head, { read: tiles, upstream: 'sum.test' }), AppError)
})

test('a note that is not signed by that key says nothing', () => {
  const sumdb = createFakeSumdb('sum.test')
  const other = createFakeSumdb('sum.test')
  const note = sumdb.answer('/latest')?.toString('utf8') ?? ''
  assert.ok(headIn(note, verifierIn(sumdb)))
  assert.equal(headIn(note, verifierIn(other)), undefined)
  assert.equal(headIn(note.replace(/^301|300$/m, '299'), verifierIn(sumdb)), undefined)
  assert.equal(headIn('<html>', verifierIn(sumdb)), undefined)
  assert.equal(headIn('', undefined), undefined)
})
