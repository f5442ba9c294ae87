import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ANONYMOUS } from '../../src/domain/principal.ts'
import { basic, createGate, PRIVATE, PUBLIC } from './support.ts'

/** A fresh key of that name, as clients without a path for it send it. */
async function keyed(t: Parameters<typeof createGate>[0]) {
  const gate = await createGate(t)
  const { secret } = await gate.keys.create({ name: 'gpu', by: 'alice', expiresAt: undefined })
  return { ...gate, secret }
}

suite('a bearer token', () => {
  test('that is a pull key lets its client in from anywhere, and pulls as that key', async (t) => {
    const { ask, secret } = await keyed(t)
    for (const address of [PRIVATE, PUBLIC]) {
      for (const scheme of ['Bearer', 'bearer', 'BEARER '])
        assert.deepEqual(await ask({ address, authorization: `${scheme} ${secret}` }), {
          kind: 'key',
          name: 'gpu',
        })
    }
  })

  test('that is a key of no worth is refused everywhere and written down once', async (t) => {
    const { ask, secret, keys, audited, log } = await keyed(t)
    await keys.revoke('gpu')
    const wrong = [secret, secret.slice(0, -1), secret.toUpperCase(), 'ck_x']
    for (const address of [PRIVATE, PUBLIC]) {
      for (const token of wrong)
        await assert.rejects(
          ask({ address, authorization: `Bearer ${token}` }),
          { code: 'key_refused' },
          token,
        )
    }
    await assert.rejects(ask({ authorization: `Bearer ${secret}` }), /this pull key is revoked/)
    assert.equal(audited.length, 2 * wrong.length)
    assert.equal(audited[0]?.who, 'key:gpu')
    assert.ok(!`${JSON.stringify(audited)}${log.text()}`.includes(secret))
  })

  test('that guesses at keys is slowed like guesses in the path', async (t) => {
    const { ask, clock } = await keyed(t)
    const guess = (n: number) => ask({ authorization: `Bearer ck_${String(n).padStart(25, '0')}` })
    for (let n = 0; n < 20; n++) await assert.rejects(guess(n), { code: 'key_refused' })
    await assert.rejects(guess(20), { code: 'too_many_requests' })
    await assert.rejects(ask({ key: 'ck_0123456789abcdefghijklmno' }), { code: 'too_many_requests' })
    clock.advance(60_000)
    await assert.rejects(guess(21), { code: 'key_refused' })
  })

  test("of somebody else is nobody's where anybody may pull, and asks for a login elsewhere", async (t) => {
    const { ask, audited } = await keyed(t)
    const tokens = [
      'hf_abcdefghijklmnopqrstuvwxyzABCDEFGH',
      'ghp_0123456789',
      'ct_0123456789abcdefghijklmno',
      'x.y.z',
    ]
    for (const token of tokens) {
      const authorization = `Bearer ${token}`
      assert.deepEqual(await ask({ address: PRIVATE, authorization }), ANONYMOUS)
      await assert.rejects(ask({ authorization }), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'unauthorized')
        assert.match(error.message, /not one of this cache/)
        return !error.message.includes(token)
      })
      await assert.rejects(ask({ address: PRIVATE, authorization, isLogin: true }), { code: 'unauthorized' })
    }
    assert.deepEqual(audited, [])
  })

  test('counts for nothing beside a key in the path, right or wrong', async (t) => {
    const { ask, secret } = await keyed(t)
    assert.deepEqual(await ask({ key: secret, authorization: 'Bearer hf_other' }), {
      kind: 'key',
      name: 'gpu',
    })
    await assert.rejects(ask({ key: 'ck_wrong', authorization: `Bearer ${secret}` }), { code: 'key_refused' })
  })

  test('is no password, nor a password a token', async (t) => {
    const { ask, secret } = await keyed(t)
    await assert.rejects(ask({ authorization: basic('alice', secret) }), { code: 'unauthorized' })
    await assert.rejects(ask({ authorization: 'Bearer wonder' }), { code: 'unauthorized' })
    await assert.rejects(ask({ authorization: `Bearer ${secret} x` }), { code: 'unauthorized' })
    await assert.rejects(ask({ authorization: 'Bearer' }), { code: 'unauthorized' })
  })
})
