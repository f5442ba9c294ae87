import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import Database from 'better-sqlite3'
import type { Known } from '../../src/auth/authenticate.ts'
import { digestOf, isSecret } from '../../src/auth/secret.ts'
import { sessionCookie, sessionIn } from '../../src/auth/session-cookie.ts'
import { createSessions } from '../../src/auth/sessions.ts'
import { openIndex } from '../../src/db/index.ts'
import { DAY, HOUR, MINUTE } from '../../src/domain/clock.ts'
import { fakeClock } from '../support/clock.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'
import { MIGRATIONS } from './support.ts'

function known(name: string, hash = `hash of ${name}`, role: Known['role'] = 'user'): Known {
  return { name, role, account: { name, hash, role, scheme: 'bcrypt', cost: 4 } }
}

async function open(t: Cleanup) {
  const file = join(await tempDir(t), 'cachalot.db')
  const index = openIndex(file, MIGRATIONS)
  t.after(() => index.close())
  const clock = fakeClock()
  const people = new Map([known('alice'), known('bob')].map((one) => [one.name, one]))
  const sessions = createSessions({ index, find: async (name) => people.get(name), clock })
  const enter = (name: string) =>
    sessions.open({ known: people.get(name) ?? known(name), address: '10.0.0.7', agent: 'x'.repeat(1000) })
  const nameOf = async (secret: string) => (await sessions.find(secret))?.name
  return { file, index, clock, people, sessions, enter, nameOf }
}

suite('a session', () => {
  test('belongs to whoever has its secret, which is nowhere in the file', async (t) => {
    const { file, index, sessions, enter, nameOf } = await open(t)
    const [first, second] = [await enter('alice'), await enter('alice')]
    assert.ok(isSecret(first) && first !== second)
    assert.equal(Buffer.from(first, 'base64url').length, 32)
    assert.equal(await nameOf(first), 'alice')
    for (const other of [
      '',
      'x',
      first.slice(1),
      `${first}x`,
      second.replace(/.$/, (c) => (c === 'A' ? 'E' : 'A')),
    ])
      assert.equal(await sessions.find(other), undefined)
    await index.close()
    const text = await readFile(file, 'latin1')
    assert.ok(text.includes('alice') && !text.includes(first))
    assert.ok(!text.includes('hash of alice'), 'nor is the hash of the password')
  })

  test('ends twelve hours after it was used last, and at an age of seven days', async (t) => {
    const { clock, enter, nameOf, index } = await open(t)
    const idle = await enter('alice')
    clock.advance(12 * HOUR - 1)
    assert.equal(await nameOf(idle), 'alice')
    clock.advance(12 * HOUR)
    assert.equal(await nameOf(idle), undefined)
    assert.equal(index.sessions.find(digestOf(idle)), undefined, 'it is forgotten')
    const busy = await enter('alice')
    for (let hours = 6; hours < 7 * 24; hours += 6) {
      clock.advance(6 * HOUR)
      assert.equal(await nameOf(busy), 'alice')
    }
    clock.advance(6 * HOUR - 1)
    assert.equal(await nameOf(busy), 'alice')
    clock.advance(1)
    assert.equal(await nameOf(busy), undefined)
  })

  test('is not kept alive by a page that asks by itself', async (t) => {
    const { clock, enter, sessions, nameOf } = await open(t)
    const [left, used] = [await enter('alice'), await enter('alice')]
    const byPage = async (secret: string) => (await sessions.find(secret, 'page'))?.name
    for (let minutes = 0; minutes < 12 * 60; minutes += 15) {
      assert.equal(await byPage(left), 'alice')
      assert.equal(await byPage(used), 'alice')
      if (minutes === 6 * 60) assert.equal(await nameOf(used), 'alice')
      clock.advance(15 * MINUTE)
    }
    assert.deepEqual([await byPage(left), await byPage(used)], [undefined, 'alice'])
  })

  test('is written once a minute, however often it is used', async (t) => {
    const { file, clock, enter, nameOf } = await open(t)
    const secret = await enter('alice')
    const other = openIndex(file, MIGRATIONS)
    const raw = new Database(file, { readonly: true })
    t.after(() => {
      raw.close()
      return other.close()
    })
    // Another one after every write of somebody else.
    const version = () => raw.pragma('data_version', { simple: true })
    const seenAt = () => other.sessions.find(digestOf(secret))?.seenAt
    const began = clock()
    clock.advance(MINUTE - 1)
    await nameOf(secret)
    assert.equal(seenAt(), began)
    clock.advance(1)
    await nameOf(secret)
    assert.equal(seenAt(), began + MINUTE)
    const written = version()
    for (let n = 0; n < 50; n++) await nameOf(secret)
    assert.equal(version(), written)
  })

  test('survives a restart', async (t) => {
    const { file, index, clock, people, enter } = await open(t)
    const secret = await enter('bob')
    await index.close()
    const again = openIndex(file, MIGRATIONS)
    t.after(() => again.close())
    const sessions = createSessions({ index: again, find: async (name) => people.get(name), clock })
    assert.equal((await sessions.find(secret))?.name, 'bob')
  })

  test('ends with its user and with another password, for good; the role is that of now', async (t) => {
    const { people, enter, nameOf, sessions } = await open(t)
    const alice = known('alice')
    const secret = await enter('alice')
    people.set('alice', known('alice', alice.account.hash, 'admin'))
    assert.equal((await sessions.find(secret))?.role, 'admin')
    people.set('alice', known('alice', 'another'))
    assert.equal(await nameOf(secret), undefined)
    people.set('alice', alice)
    assert.equal(await nameOf(secret), undefined, 'the old line brings nothing back')
    const bob = await enter('bob')
    const line = people.get('bob') ?? assert.fail()
    people.delete('bob')
    assert.equal(await nameOf(bob), undefined)
    people.set('bob', line)
    assert.equal(await nameOf(bob), undefined)
  })

  test('is ended by its secret alone, or with all others of its user', async (t) => {
    const { sessions, enter, nameOf } = await open(t)
    const [a, b, c] = [await enter('alice'), await enter('alice'), await enter('bob')]
    await sessions.end(a)
    await sessions.end('nothing')
    assert.deepEqual(await Promise.all([a, b, c].map(nameOf)), [undefined, 'alice', 'bob'])
    await sessions.endAllOf('alice')
    assert.deepEqual(await Promise.all([b, c].map(nameOf)), [undefined, 'bob'])
  })

  test('from the future of a clock that was put back does not count before then', async (t) => {
    const { clock, enter, nameOf } = await open(t)
    const secret = await enter('alice')
    clock.advance(-2 * DAY)
    assert.equal(await nameOf(secret), undefined)
    clock.advance(2 * DAY)
    assert.equal(await nameOf(secret), 'alice')
  })

  test('makes way for newer ones of its user, and for nobody else; old rows are swept out', async (t) => {
    const { file, clock, enter, nameOf, index } = await open(t)
    const bob = await enter('bob')
    const secrets: string[] = []
    for (let n = 0; n < 60; n++) {
      clock.advance(10)
      secrets.push(await enter('alice'))
    }
    const alive = await Promise.all(secrets.map(nameOf))
    assert.equal(alive.filter((name) => name !== undefined).length, 50)
    assert.deepEqual([alive[9], alive[10], await nameOf(bob)], [undefined, 'alice', 'bob'])
    clock.advance(12 * HOUR)
    await enter('alice')
    await index.close()
    const again = openIndex(file, MIGRATIONS)
    t.after(() => again.close())
    assert.equal(again.sessions.find(digestOf(bob)), undefined)
    assert.equal(again.sessions.find(digestOf(secrets.at(-1) ?? '')), undefined)
  })

  test('stays good while its use cannot be written', async (t) => {
    const { clock, enter, nameOf, index } = await open(t)
    const secret = await enter('alice')
    clock.advance(HOUR)
    index.transact = async () => await Promise.reject(new Error('disk full'))
    assert.equal(await nameOf(secret), 'alice')
  })
})

suite('its cookie', () => {
  const secret = 'A'.repeat(43)

  test('is for http alone, unread by scripts; by TLS it bears the name that only our host can set', () => {
    assert.equal(
      sessionCookie(secret, false, 60),
      `cachalot_session=${secret}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax`,
    )
    assert.equal(
      sessionCookie(secret, true, 60),
      `__Host-cachalot_session=${secret}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure`,
    )
    assert.match(sessionCookie(undefined, false), /^cachalot_session=; Path=\/; Max-Age=0;/)
  })

  test('is found among others, and only by the way it was set for', () => {
    assert.equal(sessionIn(`a=b; cachalot_session=${secret}; c=d`, false), secret)
    assert.equal(sessionIn(`a=b;cachalot_session=${secret}`, false), secret)
    assert.equal(sessionIn(`__Host-cachalot_session=${secret}`, true), secret)
    for (const [header, isSecure] of [
      [undefined, false],
      ['', false],
      [`cachalot_session=${secret}`, true],
      [`__Host-cachalot_session=${secret}`, false],
      [`Cachalot_session=${secret}`, false],
      [`xcachalot_session=${secret}`, false],
      [`cachalot_session="${secret}"`, false],
      ['cachalot_session=short', false],
      ['cachalot_session', false],
      [`cachalot_session=${secret}x`, false],
      [`cachalot_session=${secret}; cachalot_session=${'B'.repeat(43)}`, false],
      [';'.repeat(10_000), false],
    ] as const)
      assert.equal(sessionIn(header, isSecure), undefined, String(header).slice(0, 80))
  })
})
