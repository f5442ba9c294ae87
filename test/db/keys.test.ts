import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { createPullKeys } from '../../src/auth/pull-keys.ts'
import { openIndex } from '../../src/db/index.ts'
import { carryKeys, createKeys } from '../../src/db/keys.ts'
import { migrate } from '../../src/db/migrate.ts'
import { openDb } from '../../src/db/open.ts'
import { DAY, SECOND } from '../../src/domain/clock.ts'
import { fakeClock } from '../support/clock.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'

const MIGRATIONS = join(import.meta.dirname, '../../migrations')
const digest = (text: string): Buffer => hash('sha256', text, 'buffer')

async function open(t: Cleanup) {
  const file = join(await tempDir(t), 'cachalot.db')
  const index = openIndex(file, MIGRATIONS)
  t.after(() => index.close())
  const clock = fakeClock(1_000_000)
  return { file, index, clock, keys: createPullKeys(index, clock) }
}

suite('pull keys', () => {
  test('are made, used, listed and revoked; the secret is nowhere in the file', async (t) => {
    const { index, clock, keys } = await open(t)
    const { key, secret } = await keys.create({ name: 'nas', by: 'alice', expiresAt: undefined })
    assert.deepEqual(key, {
      name: 'nas',
      createdAt: 1_000_000,
      createdBy: 'alice',
      expiresAt: undefined,
      revokedAt: undefined,
      lastUsedAt: undefined,
      uses: 0,
    })
    for (let use = 0; use < 3; use++) {
      clock.advance(10)
      assert.deepEqual(keys.find(secret), { kind: 'valid', name: 'nas' })
    }
    assert.equal(keys.list()[0]?.uses, 0)
    index.keys.flush()
    index.keys.flush()
    assert.deepEqual([keys.list()[0]?.uses, keys.list()[0]?.lastUsedAt], [3, 1_000_030])
    await keys.revoke('nas')
    assert.deepEqual(keys.find(secret), { kind: 'refused', why: 'revoked', name: 'nas' })
    assert.deepEqual(keys.list(), [])
    await assert.rejects(keys.revoke('nas'), { code: 'not_found' })
    assert.equal(index.keys.find(Buffer.from(secret)), undefined)
  })

  test('have names of their own, which are free again after a revocation or an end', async (t) => {
    const { clock, keys } = await open(t)
    const first = await keys.create({ name: 'nas', by: 'a', expiresAt: clock() + DAY })
    await assert.rejects(keys.create({ name: 'nas', by: 'a', expiresAt: undefined }), {
      code: 'bad_request',
      message: 'there is a pull key "nas" already',
    })
    clock.advance(DAY)
    assert.deepEqual(keys.find(first.secret), { kind: 'refused', why: 'expired', name: 'nas' })
    await keys.create({ name: 'nas', by: 'a', expiresAt: undefined })
    assert.deepEqual(keys.find(first.secret), { kind: 'refused', why: 'revoked', name: 'nas' })
    await keys.revoke('nas')
    await keys.create({ name: 'nas', by: 'a', expiresAt: undefined })
    assert.equal(keys.list().length, 1)
    for (const name of ['', '-x', 'a b', 'a:b', '*', 'x'.repeat(65)])
      await assert.rejects(
        keys.create({ name, by: 'a', expiresAt: undefined }),
        { code: 'bad_request' },
        name,
      )
    await assert.rejects(keys.create({ name: 'late', by: 'a', expiresAt: clock() }), { code: 'bad_request' })
  })

  test('revoked by another process are refused a second later', async (t) => {
    const { file, clock, keys } = await open(t)
    const { secret } = await keys.create({ name: 'nas', by: 'a', expiresAt: undefined })
    assert.equal(keys.find(secret).kind, 'valid')
    const other = openIndex(file, MIGRATIONS)
    t.after(() => other.close())
    other.keys.revoke('nas', clock())
    assert.equal(keys.find(secret).kind, 'valid')
    clock.advance(SECOND)
    assert.equal(keys.find(secret).kind, 'refused')
  })
})

test('keys of a damaged index are carried over, and what was revoked anywhere stays revoked', async (t) => {
  const folder = await tempDir(t)
  const openOne = (name: string) => {
    const db = openDb(join(folder, name))
    t.after(() => void db.close())
    migrate(db, MIGRATIONS)
    return { db, keys: createKeys(db) }
  }
  const add = ({ keys }: ReturnType<typeof openOne>, secret: string, name: string, at: number) =>
    keys.add({ hash: digest(secret), name, by: 'a', expiresAt: undefined }, at)
  const before = openOne('snapshot.db')
  const damaged = openOne('damaged.db')
  for (const one of [before, damaged]) {
    add(one, 'a1', 'a', 1)
    add(one, 'b1', 'b', 1)
    add(one, 'c1', 'c', 1)
  }
  damaged.keys.revoke('a', 5)
  add(damaged, 'a2', 'a', 6)
  before.keys.revoke('b', 5)
  // The row of c cannot be read any more; there was a newer one.
  damaged.keys.revoke('c', 5)
  add(damaged, 'c2', 'c', 7)
  carryKeys(before.db, (_reading, put) => {
    for (const row of damaged.db.prepare<[], { hash: Buffer }>('SELECT * FROM pull_keys').all())
      if (!row.hash.equals(digest('c1'))) put({ ...row })
    put({ hash: 'nonsense', name: 7 })
    return false
  })
  const revoked = (secret: string) => before.keys.find(digest(secret))?.revokedAt
  assert.deepEqual(['a1', 'b1', 'c1'].map(revoked), [5, 5, 7])
  assert.deepEqual(['a2', 'c2'].map(revoked), [undefined, undefined])
  assert.deepEqual(
    before.keys.list().map(({ name }) => name),
    ['a', 'c'],
  )
})
