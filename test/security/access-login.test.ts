import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { MINUTE, SECOND } from '../../src/domain/clock.ts'
import { basic } from '../auth/support.ts'
import { addBlob, blobPath, manifestPath } from '../e2e/support.ts'
import {
  as,
  auditOf,
  errorIn,
  from,
  HOME,
  pullWith,
  STRANGER,
  shapeOf,
  startGuarded,
  startOpen,
  statuses,
} from './access-support.ts'

const LISTED = '198.51.100.9'
const CHALLENGE = 'Basic realm="Cachalot", charset="UTF-8"'

/** Nothing of that can be a login here. */
const MALFORMED = [
  'Basic',
  'Basic !!!',
  'Basic bm9jb2xvbg==',
  `Basic ${Buffer.from('bob\xff:builder', 'latin1').toString('base64')}`,
  `Basic ${Buffer.from('bob:builder\0').toString('base64')}`,
  `Basic ${Buffer.from(':builder').toString('base64')}`,
  `Basic ${Buffer.from(`bob:${'x'.repeat(2000)}`).toString('base64')}`,
  'Bearer abc',
  'Digest username="bob"',
  'Negotiate abc',
  basic('bob', 'builder').slice(6),
]

const WRONG = [basic('bob', 'wrong'), basic('bob', ''), basic('nobody', 'builder'), basic('BOB', 'builder')]

suite('a login', () => {
  test('is asked for where it is needed, and judged where it is given', async (t) => {
    const rules: Readonly<Record<string, readonly string[]>> = {
      private: [HOME],
      all: [HOME, STRANGER, LISTED],
      none: [],
      list: [LISTED],
    }
    for (const [name, open] of Object.entries(rules)) {
      const anonymous_pull = name === 'list' ? ['198.51.100.0/24'] : name
      const { hub, ask } = await startGuarded(t, { auth: { anonymous_pull } })
      hub.addImage('library/app', { tags: ['1'], layers: 0 })
      for (const address of [HOME, STRANGER, LISTED]) {
        const both = async (authorization?: string) => {
          const headers = { ...from(address), ...(authorization === undefined ? {} : { authorization }) }
          const answers = [await ask('/v2/', headers), await ask(manifestPath('1'), headers)]
          for (const { status, headers: said } of answers)
            assert.equal(said['www-authenticate'], status === 401 ? CHALLENGE : undefined)
          return answers.map(({ status }) => status)
        }
        const free = open.includes(address) ? 200 : 401
        const where = `${name} from ${address}`
        for (const none of [undefined, '', 'Basic Og=='])
          assert.deepEqual(await both(none), [free, free], `nobody, ${where}`)
        assert.deepEqual(await both(as('bob')['authorization']), [200, 200], `bob, ${where}`)
        assert.deepEqual(await both(basic('bob', 'builder').replace('Basic', 'bASIC ')), [200, 200], where)
        // A wrong password may be meant for somebody else where none is needed; asked for one, it is wrong.
        for (const bad of [...WRONG, ...MALFORMED])
          assert.deepEqual(await both(bad), [401, free], `${bad}, ${where}`)
      }
    }
  })

  test('means nothing where nobody has a password', async (t) => {
    for (const anonymous_pull of ['private', 'all', 'none']) {
      const { hub, ask } = await startOpen(t, { config: { auth: { anonymous_pull } } })
      hub.addImage('library/app', { tags: ['1'], layers: 0 })
      for (const authorization of [basic('bob', 'builder'), basic('admin', 'admin'), ...MALFORMED]) {
        for (const address of [HOME, STRANGER]) {
          const isOpen = anonymous_pull === 'all' || (anonymous_pull === 'private' && address === HOME)
          for (const path of ['/v2/', manifestPath('1')]) {
            const { status } = await ask(path, { authorization, ...from(address) })
            assert.equal(status, isOpen ? 200 : 401, `${anonymous_pull} ${address} ${path}`)
          }
        }
      }
    }
  })

  /** SEC-56 */
  test('is refused in the same words whoever it was for', async (t) => {
    const { ask } = await startGuarded(t, { auth: { realm: 'The cellar' } })
    const answers = await Promise.all(
      [...WRONG, ...MALFORMED].map((authorization) => ask('/v2/', { authorization })),
    )
    const [first] = answers
    assert.ok(first)
    assert.equal(first.headers['www-authenticate'], 'Basic realm="The cellar", charset="UTF-8"')
    assert.deepEqual(errorIn(first), {
      ...errorIn(first),
      code: 'UNAUTHORIZED',
      message: 'wrong user name or password',
    })
    for (const answer of answers) assert.deepEqual(shapeOf(answer), shapeOf(first))
    const head = await ask('/v2/', { authorization: WRONG[0] ?? '' }, 'HEAD')
    assert.deepEqual(shapeOf(head), { ...shapeOf(first), body: '' })
    const none = await ask('/v2/')
    assert.deepEqual(
      [none.status, errorIn(none).code, none.headers['www-authenticate']],
      [401, 'UNAUTHORIZED', first.headers['www-authenticate']],
    )
  })

  test('costs one bcrypt for all requests of a pull', async (t) => {
    const { hub, cache, clock, ask } = await startGuarded(t)
    const blobs = Array.from({ length: 60 }, () => addBlob(hub, 4096))
    const logins = () => auditOf(cache).filter(({ action }) => action === 'login')
    const pull = async () => {
      const answers = await Promise.all(blobs.map(({ digest }) => ask(blobPath(digest), as('bob'))))
      assert.deepEqual(statuses(answers), [200])
    }
    await pull()
    await pull()
    assert.deepEqual(logins(), [
      {
        at: clock(),
        who: 'bob',
        address: STRANGER,
        action: 'login',
        target: '',
        outcome: 'ok',
        detail: null,
      },
    ])
    const checked = () => cache.log.entries.filter(({ fields }) => fields['event'] === 'password').length
    assert.equal(checked(), 1)
    clock.advance(5 * MINUTE)
    await pull()
    assert.equal(checked(), 2)
    assert.equal(logins().length, 1)
  })

  test('that was wrong is written down without what was typed', async (t) => {
    const { cache, ask } = await startGuarded(t)
    await ask('/v2/', { authorization: basic('bob', 'CANARY-password') })
    await ask('/v2/', { authorization: basic('CANARY-name', 'x') })
    const said = auditOf(cache).map(({ who, address, action, outcome }) => [who, address, action, outcome])
    assert.deepEqual(said, [
      ['bob', STRANGER, 'login', 'refused'],
      ['unknown user', STRANGER, 'login', 'refused'],
    ])
    assert.doesNotMatch(cache.log.text(), /CANARY/)
  })
})

suite('who guesses', () => {
  const guess = (n: number | string) => basic('bob', `guess ${n}`)

  test('waits as long as Retry-After says, and nobody else does', async (t) => {
    const { clock, ask } = await startGuarded(t)
    const other = '203.0.113.8'
    for (let n = 0; n < 5; n++) assert.equal((await ask('/v2/', { authorization: guess(n) })).status, 401)
    const slowed = await ask('/v2/', { authorization: guess(5) })
    assert.deepEqual([slowed.status, errorIn(slowed).code], [429, 'TOOMANYREQUESTS'])
    const wait = Number(slowed.headers['retry-after'])
    assert.ok(Number.isInteger(wait) && wait > 0)
    // Not the right one either, or guessing would go on.
    assert.equal((await ask('/v2/', as('bob'))).status, 429)
    assert.equal((await ask('/v2/', as('carol'))).status, 200)
    assert.equal((await ask('/v2/', { ...as('bob'), ...from(other) })).status, 200)
    clock.advance(wait * SECOND)
    assert.equal((await ask('/v2/', as('bob'))).status, 200)
  })

  test('waits longer each time', async (t) => {
    const { clock, ask } = await startGuarded(t)
    const waits: number[] = []
    for (let n = 0; waits.length < 6; n++) {
      const { status, headers } = await ask('/v2/', { authorization: guess(n) })
      if (status !== 429) continue
      waits.push(Number(headers['retry-after']))
      clock.advance(Number(headers['retry-after']) * SECOND)
    }
    assert.deepEqual(
      waits,
      [...waits].sort((a, b) => a - b),
    )
    assert.ok((waits.at(-1) ?? 0) >= 16 * (waits[0] ?? 1), String(waits))
  })

  test('takes nothing away from who is in already, also from the same address', async (t) => {
    const { ask } = await startGuarded(t)
    assert.equal((await ask('/v2/', as('bob'))).status, 200)
    const wrong = await Promise.all(
      Array.from({ length: 40 }, (_, n) => ask('/v2/', { authorization: guess(n) })),
    )
    assert.ok(wrong.every(({ status }) => status === 401 || status === 429))
    assert.ok(wrong.some(({ status }) => status === 429))
    assert.equal((await ask('/v2/', as('bob'))).status, 200)
  })

  test('is one address for all names, and one network where it has IPv6', async (t) => {
    const { ask } = await startGuarded(t)
    const tryAs = async (name: string, address: string) =>
      (await ask('/v2/', { authorization: basic(name, 'x'), ...from(address) })).status
    const host = (n: number) => `2001:db8:1:2::${n.toString(16)}`
    for (let n = 0; n < 20; n++) assert.equal(await tryAs(`name${n}`, host(n)), 401)
    assert.equal(await tryAs('name20', host(99)), 429)
    assert.equal(await tryAs('name20', '2001:db8:1:3::1'), 401)
  })

  test('only once by a client that goes on with an old password', async (t) => {
    const { ask } = await startGuarded(t)
    const old = { authorization: guess('old') }
    assert.deepEqual(statuses(await Promise.all(Array.from({ length: 50 }, () => ask('/v2/', old)))), [401])
    assert.equal((await ask('/v2/', as('bob'))).status, 200)
  })

  /** SEC-40 */
  test('keeps nobody from what is cached', async (t) => {
    const { hub, ask } = await startGuarded(t, { auth: { anonymous_pull: 'private' } })
    const image = hub.addImage('library/app', { tags: ['1'] })
    const pull = (headers: Record<string, string>) =>
      pullWith(ask, image, { repo: 'library/app', tag: '1', headers })
    await pull(as('bob'))
    const flood = Array.from({ length: 300 }, (_, n) =>
      ask('/v2/', {
        authorization: basic(n % 3 === 0 ? 'bob' : `x${n}`, `${n}`),
        ...from(`203.0.113.${n % 250}`),
      }),
    )
    for (const headers of [
      as('bob'),
      from(HOME),
      { ...from(HOME), authorization: basic('hub', 'password') },
    ]) {
      const answers = await pull(headers)
      for (const { status, headers: said } of answers)
        assert.deepEqual([status, said['x-cache']], [200, 'hit'])
    }
    const wrong = await Promise.all(flood)
    assert.ok(wrong.every(({ status }) => status === 401 || status === 429))
    assert.ok(wrong.every(({ status, headers }) => status !== 429 || Number(headers['retry-after']) > 0))
  })
})
