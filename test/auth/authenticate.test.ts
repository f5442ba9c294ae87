import assert from 'node:assert/strict'
import { appendFile, writeFile } from 'node:fs/promises'
import { suite, test } from 'node:test'
import { DAY, MINUTE, SECOND } from '../../src/domain/clock.ts'
import { ANONYMOUS } from '../../src/domain/principal.ts'
import { basic, bcryptLine, createGate, PRIVATE, PUBLIC } from './support.ts'

const REFUSED = { code: 'unauthorized' }
const KEY_REFUSED = { code: 'key_refused' }

suite('without a login', () => {
  test('whoever may pull is anonymous, everybody else is asked for one', async (t) => {
    const { ask } = await createGate(t)
    assert.deepEqual(await ask({ address: PRIVATE }), ANONYMOUS)
    await assert.rejects(ask({ address: PUBLIC }), REFUSED)
  })

  test('an empty login is none, and Basic means nothing where there are no users', async (t) => {
    const { ask, audited } = await createGate(t)
    assert.deepEqual(await ask({ address: PRIVATE, authorization: 'Basic Og==', isLogin: true }), ANONYMOUS)
    await assert.rejects(ask({ authorization: 'Basic Og==' }), { ...REFUSED, message: 'login required' })
    const open = await createGate(t, { users: { file: '/nowhere/users', isOptional: true } })
    const authorization = basic('alice', 'wonder')
    assert.deepEqual(await open.ask({ address: PRIVATE, authorization, isLogin: true }), ANONYMOUS)
    await assert.rejects(open.ask({ address: PUBLIC, authorization }), REFUSED)
    assert.deepEqual([...audited, ...open.audited], [])
  })
})

suite('with a password', () => {
  test('a user has the role that the configuration gives', async (t) => {
    const { ask, audited } = await createGate(t)
    const login = (name: string, password: string) =>
      ask({ authorization: basic(name, password), isLogin: true })
    assert.deepEqual(await login('alice', 'wonder'), { kind: 'user', name: 'alice', role: 'admin' })
    assert.deepEqual(await login('carol', 'singer'), { kind: 'user', name: 'carol', role: 'operator' })
    assert.deepEqual(await login('bob', 'builder'), { kind: 'user', name: 'bob', role: 'user' })
    await assert.rejects(login('bob', 'Builder'), { ...REFUSED, message: 'wrong user name or password' })
    await assert.rejects(login('Bob', 'builder'), REFUSED)
    assert.deepEqual(
      audited.map(({ who, outcome }) => [who, outcome]),
      [
        ['alice', 'ok'],
        ['carol', 'ok'],
        ['bob', 'ok'],
        ['bob', 'refused'],
        ['unknown user', 'refused'],
      ],
    )
  })

  test('that is wrong, a client is anonymous where it may pull, unless it asks about the login', async (t) => {
    const { ask, audited, log } = await createGate(t)
    for (const authorization of [
      basic('hubuser', 'hub-secret'),
      basic('alice', 'hub-secret'),
      'Bearer hub-secret',
      'Basic !!!',
      'Basic',
      `Basic ${Buffer.from([0xff, 0xfe, 0x3a, 0x61]).toString('base64')}`,
      basic('alice', 'won\0der'),
      basic('a'.repeat(5000), 'x'),
    ]) {
      assert.deepEqual(await ask({ address: PRIVATE, authorization }), ANONYMOUS, authorization)
      await assert.rejects(ask({ address: PRIVATE, authorization, isLogin: true }), REFUSED, authorization)
      await assert.rejects(ask({ address: PUBLIC, authorization }), REFUSED, authorization)
    }
    const written = JSON.stringify(audited) + log.text()
    assert.doesNotMatch(written, /hub-secret|hubuser|aHVi/)
  })

  test('a pull of sixty blobs hashes once, and so does one with a wrong password', async (t) => {
    const { ask, audited, clock, log } = await createGate(t)
    const checked = () => log.entries.filter(({ fields }) => fields['event'] === 'password').length
    const pull = (password: string) =>
      Promise.allSettled(Array.from({ length: 60 }, () => ask({ authorization: basic('bob', password) })))
    assert.ok((await pull('builder')).every(({ status }) => status === 'fulfilled'))
    assert.ok((await pull('wrong')).every(({ status }) => status === 'rejected'))
    assert.deepEqual(
      audited.map(({ outcome }) => outcome),
      ['ok', 'refused'],
    )
    assert.equal(checked(), 2)
    clock.advance(9 * SECOND)
    await pull('wrong')
    await pull('builder')
    assert.equal(checked(), 2)
    clock.advance(5 * MINUTE)
    await pull('builder')
    await pull('wrong')
    assert.equal(checked(), 4)
    assert.deepEqual(
      audited.map(({ outcome }) => outcome),
      ['ok', 'refused', 'refused'],
      'a right one is written down once a day',
    )
    clock.advance(DAY)
    await pull('builder')
    assert.equal(audited.at(-1)?.outcome, 'ok')
  })

  test('a changed line counts within a second, whatever is remembered', async (t) => {
    const { ask, clock, file } = await createGate(t)
    const old = basic('bob', 'builder')
    await ask({ authorization: old })
    await writeFile(file, bcryptLine('bob', 'other') + bcryptLine('alice', 'wonder'))
    clock.advance(SECOND)
    await assert.rejects(ask({ authorization: old }), REFUSED)
    assert.equal((await ask({ authorization: basic('bob', 'other') })).kind, 'user')
    await assert.rejects(ask({ authorization: basic('carol', 'singer') }), REFUSED)
    await appendFile(file, bcryptLine('carol', 'singer'))
    clock.advance(SECOND)
    assert.equal((await ask({ authorization: basic('carol', 'singer') })).kind, 'user')
  })

  test('guesses are slowed, and the right password is not while it is remembered', async (t) => {
    const { ask, clock } = await createGate(t)
    const right = { authorization: basic('bob', 'builder'), isLogin: true }
    await ask(right)
    const guess = (n: number) => ask({ authorization: basic('bob', `guess ${n}`), isLogin: true })
    for (let n = 0; n < 5; n++) await assert.rejects(guess(n), REFUSED)
    await assert.rejects(guess(5), { code: 'too_many_requests', retryAfter: 1 })
    assert.equal((await ask(right)).kind, 'user')
    assert.deepEqual(await ask({ authorization: basic('bob', 'guess 9'), address: PRIVATE }), ANONYMOUS)
    clock.advance(SECOND)
    await assert.rejects(guess(6), REFUSED)
    await assert.rejects(guess(7), { code: 'too_many_requests', retryAfter: 2 })
  })

  test('a flood is answered with 429, nobody waits for ever', async (t) => {
    const { ask } = await createGate(t)
    const flood = Array.from({ length: 200 }, (_, n) =>
      ask({ authorization: basic(`user${n}`, 'x'), address: `198.51.100.${n}`, isLogin: true }),
    )
    const codes = (await Promise.allSettled(flood)).map((one) => one.status === 'rejected' && one.reason.code)
    assert.equal(codes.filter((code) => code === 'unauthorized').length, 130)
    assert.equal(codes.filter((code) => code === 'too_many_requests').length, 70)
    assert.equal((await ask({ authorization: basic('bob', 'builder') })).kind, 'user')
  })
})

suite('where anybody may pull', () => {
  const NEIGHBOUR = { address: PRIVATE }

  test('guesses of neighbours take no place from those who have an account', async (t) => {
    const { ask } = await createGate(t)
    const flood = Array.from({ length: 300 }, (_, n) =>
      ask({ ...NEIGHBOUR, authorization: basic(`user${n}`, 'x') }).catch((error: unknown) => error),
    )
    const bob = await ask({ address: '10.0.0.8', authorization: basic('bob', 'builder'), isLogin: true })
    assert.deepEqual(bob, { kind: 'user', name: 'bob', role: 'user' })
    await Promise.all(flood)
  })

  test('a right password is never taken for none: its owner is told to wait', async (t) => {
    const { ask, clock } = await createGate(t)
    const guess = (n: number) => ask({ ...NEIGHBOUR, authorization: basic('alice', `guess ${n}`) })
    for (let n = 0; n < 5; n++) assert.deepEqual(await guess(n), ANONYMOUS)
    const right = { ...NEIGHBOUR, authorization: basic('alice', 'wonder') }
    await assert.rejects(ask(right), { code: 'too_many_requests' })
    clock.advance(10 * SECOND)
    assert.equal((await ask(right)).kind, 'user')
  })

  test('guessing at many accounts from one address is slowed too', async (t) => {
    const { ask } = await createGate(t)
    const tried = await Promise.all(
      Array.from({ length: 200 }, async (_, n) => {
        const one = ask({
          ...NEIGHBOUR,
          authorization: basic(['alice', 'bob', 'carol'][n % 3] ?? '', `x${n}`),
        })
        return await one.then(
          () => 'anonymous',
          (error: { code: string }) => error.code,
        )
      }),
    )
    assert.ok(tried.filter((code) => code === 'too_many_requests').length >= 180)
  })

  test('machines that go on with old passwords lock nobody out', async (t) => {
    const { ask, clock } = await createGate(t)
    const together = { address: PUBLIC, isLogin: true }
    let refused = 0
    for (let round = 0; round < 40; round++) {
      for (let machine = 0; machine < 18; machine++)
        await ask({ ...together, authorization: basic(`old${machine}`, 'stale') }).catch(() => undefined)
      clock.advance(20 * SECOND)
      await ask({ ...together, authorization: basic('bob', 'builder') }).catch(() => refused++)
    }
    assert.equal(refused, 0)
  })
})

suite('with a key', () => {
  test('it decides alone, until it is revoked or expires', async (t) => {
    const { ask, keys, clock, audited } = await createGate(t)
    const { secret } = await keys.create({ name: 'nas', by: 'alice', expiresAt: clock() + DAY })
    const wanted = { kind: 'key', name: 'nas' }
    assert.deepEqual(await ask({ key: secret }), wanted)
    assert.deepEqual(await ask({ key: secret, authorization: basic('alice', 'wonder') }), wanted)
    assert.deepEqual(await ask({ key: secret, authorization: 'Basic Og==', isLogin: true }), wanted)
    clock.advance(DAY)
    await assert.rejects(ask({ key: secret }), { ...KEY_REFUSED, message: 'this pull key is expired' })
    const { secret: second } = await keys.create({ name: 'nas', by: 'alice', expiresAt: undefined })
    await keys.revoke('nas')
    for (let pull = 0; pull < 50; pull++)
      await assert.rejects(ask({ key: second }), { ...KEY_REFUSED, message: 'this pull key is revoked' })
    assert.deepEqual(
      audited.map(({ who }) => who),
      ['key:nas', 'key:nas'],
    )
    assert.doesNotMatch(JSON.stringify(audited), new RegExp(`${secret}|${second}`))
  })

  test('an unknown one is refused, also where anybody may pull, and guessing is slowed', async (t) => {
    const { ask, keys } = await createGate(t)
    const { secret } = await keys.create({ name: 'nas', by: 'alice', expiresAt: undefined })
    for (const key of ['', 'nas', `${secret}x`, secret.slice(0, -1), secret.toUpperCase()])
      await assert.rejects(ask({ key, address: PRIVATE }), {
        ...KEY_REFUSED,
        message: 'this pull key is unknown',
      })
    for (let n = 0; n < 15; n++) await assert.rejects(ask({ key: `ck_${n}`, address: PRIVATE }), KEY_REFUSED)
    await assert.rejects(ask({ key: 'ck_x', address: PRIVATE }), { code: 'too_many_requests' })
    assert.equal((await ask({ key: secret, address: PRIVATE })).kind, 'key')
  })
})
