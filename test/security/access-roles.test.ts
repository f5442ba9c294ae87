import assert from 'node:assert/strict'
import { appendFile, writeFile } from 'node:fs/promises'
import { suite, test } from 'node:test'
import { SECOND } from '../../src/domain/clock.ts'
import { bcryptLine } from '../auth/support.ts'
import { blobPath, manifestPath } from '../e2e/support.ts'
import { request, sendRaw } from '../http/raw.ts'
import {
  addKey,
  as,
  codeOf,
  from,
  type Guarded,
  HOME,
  kept,
  pullWith,
  STRANGER,
  startGuarded,
  startOpen,
} from './access-support.ts'

const NONE = `sha256:${'0'.repeat(64)}` as const

/** Who asks: in front of the path, and with which headers. */
interface Guest {
  readonly base: string
  readonly headers: Record<string, string>
}

async function guestsOf({ cache }: Guarded): Promise<Readonly<Record<string, Guest>>> {
  return {
    stranger: { base: '', headers: from(STRANGER) },
    neighbour: { base: '', headers: from(HOME) },
    user: { base: '', headers: as('bob') },
    key: { base: `/k/${await addKey(cache, 'nas')}`, headers: {} },
    operator: { base: '', headers: as('carol') },
    admin: { base: '', headers: as('alice') },
  }
}

/** SEC-14, SEC-15 */
suite('a role', () => {
  test('is all that decides who changes something, with every method', async (t) => {
    const scene = await startGuarded(t, { auth: { anonymous_pull: 'private' } })
    const { ask, hub, cache } = scene
    const image = hub.addImage('library/app', { tags: ['1'] })
    const guests = await guestsOf(scene)
    await pullWith(ask, image, { repo: 'app', tag: '1', headers: as('bob') })
    const ends = [manifestPath('1'), manifestPath(image.manifest.digest), blobPath(image.config.digest)]
    const fixed = [
      '/v2/',
      '/v2/_catalog',
      '/v2/app/tags/list',
      `/v2/app/referrers/${image.manifest.digest}`,
      '/v2/app/blobs/uploads/',
      `/v2/app/blobs/uploads/?digest=${NONE}&mount=${NONE}&from=app`,
      '/v2/app/nothing/1',
    ]
    for (const path of fixed) await ask(path, as('bob'))
    const before = await kept(cache)
    hub.requests.clear()
    for (const [name, { base, headers }] of Object.entries(guests)) {
      const isOut = name === 'stranger'
      for (const method of ['POST', 'PUT', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'LOCK']) {
        for (const path of [...fixed, ...ends])
          assert.equal(
            codeOf(await ask(base + path, headers, method)),
            isOut ? '401 UNAUTHORIZED' : '405 UNSUPPORTED',
            `${name} ${method} ${path}`,
          )
      }
      for (const path of fixed)
        assert.ok(
          [401, 404, 405].includes((await ask(base + path, headers, 'DELETE')).status),
          `${name} ${path}`,
        )
      for (const path of [...ends, manifestPath('none'), manifestPath(NONE), blobPath(NONE)]) {
        const answer = await ask(base + path, headers, 'DELETE')
        const isAnonymous = name === 'stranger' || name === 'neighbour'
        if (isAnonymous) assert.equal(codeOf(answer), '401 UNAUTHORIZED', `${name} ${path}`)
        else if (name === 'user' || name === 'key')
          assert.equal(codeOf(answer), '403 DENIED', `${name} ${path}`)
      }
      const raw = await sendRaw(cache.port, request(base + manifestPath('1'), ['Connection: close'], 'FOO'))
      assert.equal(raw.status, 400, 'no method at all')
      if (name === 'key') assert.equal(await kept(cache), before)
    }
    assert.deepEqual(hub.requests.list(), [])
    assert.notEqual(await kept(cache), before, 'operators did')
  })

  test('comes from the configuration or from the file, and goes with it', async (t) => {
    const scene = await startGuarded(t)
    const { ask, hub, cache, users, clock } = scene
    hub.addImage('library/app', { tags: ['1'], layers: 0 })
    const evicts = async (name: string) =>
      (await ask(manifestPath('none'), as(name, 'x'), 'DELETE')).status === 404
    await appendFile(
      users,
      `${bcryptLine('dan', 'x').trim()}:role=operator\n${bcryptLine('eve', 'x').trim()}:role=user\n${bcryptLine('fay', 'x').trim()}:Role=Admin\n${bcryptLine('gus', 'x')}`,
    )
    clock.advance(SECOND)
    assert.deepEqual(
      [await evicts('dan'), await evicts('eve'), await evicts('fay'), await evicts('gus')],
      [true, false, false, false],
    )
    await cache.reload({ config: { auth: { operators: ['gus'], admins: ['eve'] } } })
    assert.deepEqual([await evicts('dan'), await evicts('eve'), await evicts('gus')], [true, true, true])
    assert.equal((await ask(manifestPath('none'), as('carol'), 'DELETE')).status, 403)
    await cache.reload({ config: { auth: { operators: [], admins: [] } } })
    await writeFile(users, ['dan', 'eve', 'gus'].map((name) => bcryptLine(name, 'x')).join(''))
    clock.advance(SECOND)
    assert.deepEqual([await evicts('dan'), await evicts('eve'), await evicts('gus')], [false, false, false])
  })

  test('is nobody’s where there are no users: nobody is asked for a password', async (t) => {
    const { ask, hub, cache } = await startOpen(t)
    const image = hub.addImage('library/app', { tags: ['1'] })
    await pullWith(ask, image, { repo: 'app', tag: '1', headers: from(HOME) })
    const before = await kept(cache)
    for (const headers of [from(HOME), { ...from(HOME), ...as('admin', 'admin') }]) {
      const answer = await ask(manifestPath('1'), headers, 'DELETE')
      assert.deepEqual([codeOf(answer), answer.headers['www-authenticate']], ['403 DENIED', undefined])
    }
    assert.equal(await kept(cache), before)
  })

  test('opens the API to who has it', async (t) => {
    const scene = await startGuarded(t, { auth: { anonymous_pull: 'all' } })
    const { ask } = scene
    const guests = await guestsOf(scene)
    const takes = {
      '/api/v1/stats': 'user',
      '/api/v1/images': 'user',
      '/api/v1/repositories': 'user',
      '/api/v1/pins': 'operator',
      '/api/v1/jobs': 'operator',
      '/api/v1/keys': 'admin',
      '/api/v1/audit': 'admin',
    }
    const ranks = ['user', 'operator', 'admin']
    for (const [path, least] of Object.entries(takes)) {
      for (const [name, { headers }] of Object.entries(guests)) {
        if (name === 'key') continue
        const rank = ranks.indexOf(name)
        const expected = rank < 0 ? 401 : rank < ranks.indexOf(least) ? 403 : 200
        assert.equal((await ask(path, headers)).status, expected, `${name} ${path}`)
      }
    }
  })
})
