import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import Database from 'better-sqlite3'
import { digestOf } from '../../src/domain/digest.ts'
import { createTagLists } from '../../src/frontends/oci/tag-lists.ts'
import { startPair } from '../support/cachalot.ts'
import { codeOf, jsonOf } from './support.ts'

function documentOf(tags: unknown) {
  const bytes = Buffer.from(JSON.stringify({ name: 'org/app', tags }))
  return { bytes, digest: digestOf(bytes) }
}

/** A list of about `mib` MiB, unlike any other `seed`'s. */
function largeList(mib: number, seed: number): string[] {
  return Array.from({ length: mib * 8192 }, (_, i) => `${seed}.${(i * 7919) % 8191}.${i}`.padEnd(125, 'x'))
}

describe('lists of tags', () => {
  test('are read once while they are large and in demand', () => {
    const lists = createTagLists()
    const document = documentOf(largeList(1, 0))
    const list = lists.read(document)
    assert.equal(lists.read({ ...document, bytes: Buffer.from(document.bytes) }), list)
    assert.deepEqual(list.ordered(), list.names.toSorted())
    assert.equal(list.ordered(), list.ordered())
    const whole = list.whole('app')
    assert.deepEqual(JSON.parse(whole.bytes.toString()), { name: 'app', tags: list.ordered() })
    assert.equal(whole.digest, digestOf(whole.bytes))
    assert.equal(list.whole('app'), whole)
    assert.equal(JSON.parse(list.whole('org/app').bytes.toString()).name, 'org/app')
    const small = documentOf(['b', 'a'])
    assert.notEqual(lists.read(small), lists.read(small))
    assert.deepEqual(lists.read(small).ordered(), ['a', 'b'])
  })

  test('are forgotten when others are in demand', () => {
    const lists = createTagLists()
    const documents = Array.from({ length: 7 }, (_, seed) => documentOf(largeList(1, seed)))
    const first = documents.map((document) => lists.read(document))
    assert.equal(lists.read(documents[0] ?? assert.fail()), first[0])
    const larger = documentOf(largeList(3, 9))
    const read = lists.read(larger)
    assert.equal(lists.read(documents[0] ?? assert.fail()), first[0])
    assert.equal(lists.read(larger), read)
    assert.notEqual(lists.read(documents[1] ?? assert.fail()), first[1])
    const huge = documentOf(largeList(10, 10))
    assert.notEqual(lists.read(huge), lists.read(huge))
  })

  test('hold nothing but text, and what is none is refused', () => {
    const lists = createTagLists()
    assert.deepEqual(lists.read(documentOf(['a', 1, null, 'b'])).names, ['a', 'b'])
    assert.deepEqual(lists.read(documentOf(null)).names, [])
    const bytes = Buffer.from('<html>')
    assert.equal(
      codeOf(() => lists.read({ bytes, digest: digestOf(bytes) })),
      'upstream_invalid',
    )
  })
})

test('pages that begin or end where a client likes leave a bounded number of rows in the index', async (t) => {
  const { hub, cache } = await startPair(t)
  hub.addImage('org/app', { tags: ['a', 'b', 'c', 'd'], layers: 0 })
  const at = '/v2/org/app/tags/list'
  for (let i = 0; i < 50; i++) {
    const after = jsonOf<{ tags: string[] }>(await cache.fetch(`${at}?n=${i + 1}&last=a`))
    assert.deepEqual(after.tags, ['b', 'c', 'd'].slice(0, i + 1))
    assert.equal((await cache.fetch(`${at}?last=b${i}`)).status, 200)
  }
  assert.equal((await cache.fetch(`${at}?last=c`)).headers['x-cache'], 'bypass')
  for (const query of ['', '?n=100']) {
    assert.equal((await cache.fetch(at + query)).headers['x-cache'], 'miss')
    assert.equal((await cache.fetch(at + query)).headers['x-cache'], 'hit')
  }
  const db = new Database(join(cache.dataDir, 'cachalot.db'), { readonly: true })
  t.after(() => void db.close())
  const rows = db.prepare<[], number>("SELECT count(*) FROM entries WHERE kind = 'tags'").pluck()
  assert.equal(rows.get(), 66)
})
