import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { createApiTokens } from '../../src/auth/api-tokens.ts'
import type { Known } from '../../src/auth/authenticate.ts'
import { digestOf } from '../../src/auth/secret.ts'
import { openIndex } from '../../src/db/index.ts'
import { migrate } from '../../src/db/migrate.ts'
import { openDb } from '../../src/db/open.ts'
import { carryTokens, createTokenTable } from '../../src/db/tokens.ts'
import { DAY, MINUTE } from '../../src/domain/clock.ts'
import { fakeClock } from '../support/clock.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'
import { MIGRATIONS } from './support.ts'

async function open(t: Cleanup) {
  const file = join(await tempDir(t), 'cachalot.db')
  const index = openIndex(file, MIGRATIONS)
  t.after(() => index.close())
  const clock = fakeClock(1_000_000)
  const people = new Map(['alice', 'bob'].map((name) => [name, known(name)]))
  const tokens = createApiTokens({ index, find: async (name) => people.get(name), clock })
  const namesOf = async (user?: string) => (await tokens.list(user)).map((token) => token.name)
  const whyNot = async (secret: string) => {
    const found = await tokens.find(secret)
    return found.kind === 'valid' ? 'valid' : found.why
  }
  return { file, index, clock, people, tokens, namesOf, whyNot }
}

function known(name: string, password = `hash of ${name}`): Known {
  return { name, role: 'user', account: { name, hash: password, role: 'user', scheme: 'bcrypt', cost: 4 } }
}

const forGood = { expiresAt: undefined }

suite('API tokens', () => {
  test('are made, used, listed and revoked; the secret is nowhere in the file', async (t) => {
    const { file, index, clock, tokens, namesOf, whyNot } = await open(t)
    const { token, secret } = await tokens.create({ user: 'alice', name: 'ci', ...forGood })
    assert.match(secret, /^ct_[\w-]{43}$/)
    const { account, ...rest } = token
    assert.equal(account.length, 32)
    assert.deepEqual(rest, {
      name: 'ci',
      user: 'alice',
      createdAt: 1_000_000,
      expiresAt: undefined,
      revokedAt: undefined,
      lastUsedAt: undefined,
    })
    const found = await tokens.find(secret)
    assert.ok(found.kind === 'valid')
    assert.deepEqual([found.known.name, found.name], ['alice', 'ci'])
    const lastUsedAt = async () => (await tokens.list('alice'))[0]?.lastUsedAt
    assert.equal(await lastUsedAt(), 1_000_000)
    clock.advance(MINUTE - 1)
    await tokens.find(secret)
    assert.equal(await lastUsedAt(), 1_000_000, 'written once a minute')
    clock.advance(1)
    await tokens.find(secret)
    assert.equal(await lastUsedAt(), 1_000_000 + MINUTE)
    assert.deepEqual(await namesOf('bob'), [])
    assert.deepEqual(await namesOf(), ['ci'])
    await assert.rejects(tokens.revoke('bob', 'ci'), { code: 'not_found' })
    await tokens.revoke('alice', 'ci')
    assert.equal(await whyNot(secret), 'revoked')
    assert.deepEqual(await namesOf('alice'), [])
    await assert.rejects(tokens.revoke('alice', 'ci'), { code: 'not_found' })
    for (const other of ['', 'ct_', secret.slice(3), `${secret}x`, secret.toUpperCase()])
      assert.equal(await whyNot(other), 'unknown')
    await index.close()
    const text = await readFile(file, 'latin1')
    assert.ok(text.includes('alice') && !text.includes(secret.slice(3)))
  })

  test('have names of their own for each user, free again after a revocation or an end', async (t) => {
    const { clock, tokens, namesOf } = await open(t)
    const first = await tokens.create({ user: 'alice', name: 'ci', expiresAt: clock() + DAY })
    await tokens.create({ user: 'bob', name: 'ci', ...forGood })
    await assert.rejects(tokens.create({ user: 'alice', name: 'ci', ...forGood }), {
      code: 'bad_request',
      message: 'there is a token "ci" of alice already',
    })
    clock.advance(DAY)
    const gone = { user: 'alice', name: 'ci' }
    const found = await tokens.find(first.secret)
    assert.ok(found.kind === 'refused' && found.why === 'expired')
    assert.deepEqual({ user: found.token?.user, name: found.token?.name }, gone)
    assert.deepEqual(await namesOf('alice'), ['ci'])
    await tokens.create({ user: 'alice', name: 'ci', ...forGood })
    assert.deepEqual(await namesOf('alice'), ['ci'])
    await tokens.revokeAllOf('alice')
    assert.deepEqual([await namesOf('alice'), await namesOf('bob')], [[], ['ci']])
    for (const name of ['', '-x', 'a b', 'a:b', 'x'.repeat(65), 'a\nb'])
      await assert.rejects(tokens.create({ user: 'alice', name, ...forGood }), { code: 'bad_request' }, name)
    const late = { user: 'alice', name: 'late', expiresAt: clock() }
    await assert.rejects(tokens.create(late), { code: 'bad_request' })
  })

  test('end with their user and with the password, however the file was changed', async (t) => {
    const { people, tokens, namesOf, whyNot } = await open(t)
    const first = await tokens.create({ user: 'alice', name: 'ci', ...forGood })
    const bobs = await tokens.create({ user: 'bob', name: 'ci', ...forGood })
    people.delete('alice')
    assert.equal(await whyNot(first.secret), 'without its user')
    const orphan = tokens.create({ user: 'alice', name: 'x', ...forGood })
    await assert.rejects(orphan, { code: 'not_found', message: 'there is no user "alice"' })
    // Somebody else, or the same one with another password.
    people.set('alice', known('alice', 'another hash'))
    assert.equal(await whyNot(first.secret), 'without its user')
    assert.deepEqual(await namesOf('alice'), [])
    const second = await tokens.create({ user: 'alice', name: 'ci', ...forGood })
    assert.deepEqual([await whyNot(second.secret), await whyNot(first.secret)], ['valid', 'revoked'])
    assert.deepEqual([await namesOf(), await whyNot(bobs.secret)], [['ci', 'ci'], 'valid'])
    // A role is no part of it.
    people.set('alice', { ...known('alice', 'another hash'), role: 'admin' })
    const found = await tokens.find(second.secret)
    assert.equal(found.kind === 'valid' && found.known.role, 'admin')
  })

  test('are at most a hundred for each user', async (t) => {
    const { tokens } = await open(t)
    for (let n = 0; n < 100; n++) await tokens.create({ user: 'alice', name: `t${n}`, ...forGood })
    await assert.rejects(tokens.create({ user: 'alice', name: 'more', ...forGood }), { code: 'bad_request' })
    await tokens.revoke('alice', 't0')
    await tokens.create({ user: 'alice', name: 'more', ...forGood })
  })
})

test('tokens of a damaged index are carried over, and what was revoked anywhere stays revoked', async (t) => {
  const folder = await tempDir(t)
  const openOne = (name: string) => {
    const db = openDb(join(folder, name))
    t.after(() => void db.close())
    migrate(db, MIGRATIONS)
    return { db, tokens: createTokenTable(db) }
  }
  const add = ({ tokens }: ReturnType<typeof openOne>, secret: string, name: string, at: number) =>
    tokens.add({ hash: digestOf(secret), user: 'alice', name, account: Buffer.alloc(32), ...forGood }, at)
  const before = openOne('snapshot.db')
  const damaged = openOne('damaged.db')
  for (const one of [before, damaged]) for (const name of ['a', 'b', 'c']) add(one, `${name}1`, name, 1)
  const revoke = ({ tokens }: ReturnType<typeof openOne>, name: string) =>
    tokens.revoke({ user: 'alice', name }, 5)
  revoke(damaged, 'a')
  add(damaged, 'a2', 'a', 6)
  revoke(before, 'b')
  // The row of c cannot be read any more; there was a newer one.
  revoke(damaged, 'c')
  add(damaged, 'c2', 'c', 7)
  carryTokens(before.db, (_reading, put) => {
    for (const row of damaged.db.prepare<[], { hash: Buffer }>('SELECT * FROM api_tokens').all())
      if (!row.hash.equals(digestOf('c1'))) put({ ...row })
    put({ hash: 'nonsense', name: 7 })
    return false
  })
  const revokedAt = (secret: string) => before.tokens.find(digestOf(secret))?.revokedAt
  assert.deepEqual(['a1', 'b1', 'c1'].map(revokedAt), [5, 5, 7])
  assert.deepEqual(['a2', 'c2'].map(revokedAt), [undefined, undefined])
})
