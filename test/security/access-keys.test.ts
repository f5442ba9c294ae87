import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { HOUR } from '../../src/domain/clock.ts'
import { basic } from '../auth/support.ts'
import { blobPath, manifestPath } from '../e2e/support.ts'
import { apiOf } from '../jobs/support.ts'
import type { Fetched } from '../support/http.ts'
import { GHCR_SPELLINGS, HUB_SPELLINGS, hostOf, useUpstreams } from './access-spellings.ts'
import {
  addKey,
  as,
  auditOf,
  errorIn,
  type Guarded,
  kept,
  pullWith,
  STRANGER,
  startKeyed,
  statuses,
  withKey,
} from './access-support.ts'

const UNKNOWN = 'ck_0123456789abcdefghijklmno'

/** Follows Link headers from page to page. */
async function pages(
  { ask }: Pick<Guarded, 'ask'>,
  first: string,
  headers: Record<string, string>,
): Promise<{ links: string[]; bodies: unknown[] }> {
  const links: string[] = []
  const bodies: unknown[] = []
  for (let next: string | undefined = first; next !== undefined; ) {
    const answer: Fetched = await ask(next, headers)
    assert.equal(answer.status, 200, next)
    bodies.push(JSON.parse(answer.body.toString()))
    next = /^<([^>]+)>; rel="next"$/.exec(String(answer.headers.link ?? ''))?.[1]
    if (next !== undefined) links.push(next)
    assert.ok(links.length < 50, 'it ends')
  }
  return { links, bodies }
}

suite('a pull key', () => {
  test('lets its client pull in every shape, and all of them are one image', async (t) => {
    const { ask, key, hub, cache } = await startKeyed(t)
    await useUpstreams({ cache, hub })
    const images = [
      hub.addImage('library/app', { tags: ['1'], layers: 1 }),
      hub.addImage('org/app', { tags: ['1'], layers: 1 }),
    ]
    for (const [at, spellings] of [HUB_SPELLINGS, GHCR_SPELLINGS].entries()) {
      const { manifest, config } = images[at] ?? assert.fail()
      const ends = [
        `manifests/1`,
        `manifests/${manifest.digest}`,
        `blobs/${config.digest}`,
        'tags/list',
        `referrers/${manifest.digest}`,
      ]
      for (const spelling of spellings) {
        for (const end of ends) {
          assert.equal((await ask(spelling.path(end), hostOf(spelling))).status, 401)
          for (const path of withKey(key, spelling.path(end))) {
            for (const method of ['GET', 'HEAD']) {
              const { status, headers } = await ask(path, hostOf(spelling), method)
              assert.equal(status, 200, `${method} ${path}`)
              if (end.startsWith('manifests'))
                assert.equal(headers['docker-content-digest'], manifest.digest, path)
            }
          }
        }
      }
      for (const method of ['GET', 'HEAD'])
        assert.ok(hub.requests.count({ method, ref: manifest.digest }) <= 1)
      assert.equal(hub.requests.count({ method: 'GET', ref: config.digest }), 1)
    }
    for (const path of [
      '/v2/',
      '/v2',
      '/docker.io/v2/',
      '/ghcr/v2/',
      '/v2/?ns=ghcr.io',
      '/v2/_catalog',
    ].flatMap((one) => withKey(key, one)))
      assert.equal((await ask(path)).status, 200, path)
    assert.equal((await ask(`/v2/k/${key}`)).status, 200)
  })

  test('is in the link to every next page', async (t) => {
    const { ask, key, hub, cache } = await startKeyed(t)
    await useUpstreams({ cache, hub })
    const tags = Array.from({ length: 7 }, (_, n) => `t${n}`)
    for (const repo of ['library/app', 'org/app', 'org/b', 'org/c']) hub.addImage(repo, { tags, layers: 0 })
    for (const repo of ['/v2/app', '/v2/ghcr/org/app', '/v2/ghcr/org/b', '/v2/ghcr/org/c'])
      await ask(`/k/${key}${repo}/manifests/t1`)
    for (const [n, spelling] of [...HUB_SPELLINGS, ...GHCR_SPELLINGS].entries()) {
      const bare = spelling.path('tags/list')
      for (const path of withKey(key, `${bare}${bare.includes('?') ? '&' : '?'}n=${1 + (n % 3)}`)) {
        const { links, bodies } = await pages({ ask }, path, hostOf(spelling))
        assert.deepEqual(
          bodies.flatMap((body) => (body as { tags: string[] }).tags),
          tags,
          path,
        )
        assert.ok(links.length >= 2 && links.every((link) => link.split(key).length === 2), String(links))
      }
    }
    for (const path of ['/v2/_catalog?n=1', '/ghcr.io/v2/_catalog?n=2', '/v2/_catalog?ns=ghcr&n=2'].flatMap(
      (one) => withKey(key, one),
    )) {
      const { links, bodies } = await pages({ ask }, path, {})
      const names = bodies.flatMap((body) => (body as { repositories: string[] }).repositories)
      assert.equal(names.length, path.includes('ghcr') ? 3 : 4, path)
      assert.ok(links.length > 0 && links.every((link) => link.includes(`/k/${key}/`)), String(links))
    }
  })

  test('needs no password beside it, and one that is there means nothing', async (t) => {
    const { ask, key, hub, cache } = await startKeyed(t)
    const { manifest } = hub.addImage('library/app', { tags: ['1'], layers: 0 })
    const before = auditOf(cache).length
    for (const authorization of [
      basic('bob', 'wrong'),
      basic('alice', 'wonder'),
      'Bearer x',
      'Basic !!',
      '',
    ]) {
      for (const path of withKey(key, manifestPath('1')))
        assert.equal((await ask(path, { authorization })).status, 200)
      for (const path of withKey(key, manifestPath(manifest.digest)))
        assert.equal((await ask(path, { authorization }, 'DELETE')).status, 403, 'not even as an admin')
      for (const path of withKey(UNKNOWN, manifestPath('1')))
        assert.equal((await ask(path, { authorization })).status, 401)
    }
    const actions = auditOf(cache)
      .slice(before)
      .map(({ action, who }) => `${action} ${who}`)
    assert.deepEqual(new Set(actions), new Set(['evict key:nas', 'key unknown key']))
  })

  test('changes nothing, whatever its name', async (t) => {
    const { ask, cache, hub, key } = await startKeyed(t)
    const image = hub.addImage('library/app', { tags: ['1'] })
    await pullWith(ask, image, { repo: 'app', tag: '1', base: `/k/${key}/v2` })
    const keys = [
      key,
      await addKey(cache, 'alice'),
      await addKey(cache, 'admin'),
      await addKey(cache, 'local'),
    ]
    const before = await kept(cache)
    const targets = [
      manifestPath('1'),
      manifestPath(image.manifest.digest),
      blobPath(image.config.digest),
      manifestPath('2'),
    ]
    for (const path of keys.flatMap((one) => targets.flatMap((target) => withKey(one, target)))) {
      const answer = await ask(path, {}, 'DELETE')
      assert.deepEqual([answer.status, errorIn(answer).code], [403, 'DENIED'])
      for (const method of ['PUT', 'POST', 'PATCH']) assert.equal((await ask(path, {}, method)).status, 405)
    }
    for (const path of ['/api/v1/keys', '/api/v1/images', '/api/v1/pins']) {
      assert.equal((await ask(path, { authorization: basic('nas', key) })).status, 401)
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const { status } = await ask(`/k/${key}${path}`, {}, method)
        assert.ok([401, 403, 404].includes(status), `${method} ${path} ${status}`)
      }
    }
    assert.equal(
      (await ask('/v2/', { authorization: basic('nas', key) })).status,
      401,
      'nor is it a password',
    )
    assert.equal(await kept(cache), before)
  })

  test('ends when it is taken back, at once, and when its time is over', async (t) => {
    const { ask, cache, clock, hub, key } = await startKeyed(t)
    hub.addImage('library/app', { tags: ['1'], layers: 0 })
    const hour = await addKey(cache, 'hour', clock() + HOUR)
    const status = async (one: string) => (await ask(`/k/${one}${manifestPath('1')}`)).status
    assert.deepEqual([await status(key), await status(hour)], [200, 200])
    await apiOf(cache).del('/keys', { name: 'nas' })
    assert.deepEqual([await status(key), await status(hour)], [401, 200])
    const again = await addKey(cache, 'nas')
    assert.deepEqual([await status(key), await status(again)], [401, 200])
    clock.advance(HOUR - 1)
    assert.equal(await status(hour), 200)
    clock.advance(1)
    assert.equal(await status(hour), 401)
    await cache.restart()
    assert.deepEqual([await status(key), await status(hour), await status(again)], [401, 401, 200])
    const said = auditOf(cache).filter(({ action }) => action === 'key')
    assert.deepEqual(
      new Set(said.map(({ who, outcome }) => `${who} ${outcome}`)),
      new Set(['key:nas refused', 'key:hour refused']),
    )
    assert.ok(said.every(({ address }) => address === STRANGER))
  })

  test('that nobody knows is refused without asking for a password', async (t) => {
    const { ask, hub, cache, key } = await startKeyed(t, { auth: { anonymous_pull: 'all' } })
    await apiOf(cache).del('/keys', { name: 'nas' })
    const keys = [
      UNKNOWN,
      key,
      'ck_',
      'oops',
      '',
      key.toUpperCase(),
      `${key}a`,
      key.slice(0, -1),
      key.replace('_', '%5f'),
      '%2e%2e',
      'ck_%00',
    ]
    for (const path of keys.flatMap((one) =>
      ['/v2/', manifestPath('1')].flatMap((target) => withKey(one, target)),
    )) {
      if (!/^\/k\/|\/ck/i.test(path)) continue
      const answer = await ask(path)
      assert.ok([401, 429].includes(answer.status), `${path}: ${answer.status}`)
      if (answer.status === 429) continue
      assert.equal(errorIn(answer).code, 'UNAUTHORIZED')
      assert.match(String(answer.headers['www-authenticate']), /^PullKey realm="Cachalot"/)
    }
    assert.deepEqual(hub.requests.list(), [])
  })

  test('that nobody knows is one guess, however often it comes', async (t) => {
    const { ask } = await startKeyed(t)
    const many = (key: string) => Promise.all(Array.from({ length: 60 }, () => ask(`/k/${key}/v2/`)))
    assert.ok(statuses(await many(UNKNOWN)).every((status) => status === 401 || status === 429))
    assert.equal((await ask('/v2/', as('bob'))).status, 200)
    const answers: Fetched[] = []
    for (let n = 0; n < 30; n++) answers.push(await ask(`/k/${UNKNOWN.slice(0, -2)}${10 + n}/v2/`))
    const slowed = answers.at(-1) ?? assert.fail()
    assert.equal(slowed.status, 429)
    assert.ok(Number(slowed.headers['retry-after']) > 0)
  })

  test('has its last use and its uses kept', async (t) => {
    const { ask, cache, clock, hub, key } = await startKeyed(t)
    hub.addImage('library/app', { tags: ['1'], layers: 0 })
    for (const path of withKey(key, manifestPath('1'))) await ask(path)
    const rows = async () =>
      (await apiOf(cache).get('/keys', {})).items.map(({ name, uses, lastUsedAt }) => ({
        name,
        uses,
        lastUsedAt,
      }))
    const first = clock()
    assert.deepEqual(await rows(), [{ name: 'nas', uses: 2, lastUsedAt: first }])
    clock.advance(HOUR)
    await ask(`/k/${key}/v2/`)
    await cache.restart()
    assert.deepEqual(await rows(), [{ name: 'nas', uses: 3, lastUsedAt: first + HOUR }])
    await ask(`/k/${UNKNOWN}/v2/`)
    assert.deepEqual((await rows())[0]?.uses, 3)
  })

  test('is known to rules by its name', async (t) => {
    const rule = [{ effect: 'deny', match: ['docker.io/library/secret'], users: ['key:nas'] }]
    const { ask, cache, hub, key } = await startKeyed(t, { rule })
    for (const repo of ['library/app', 'library/secret']) hub.addImage(repo, { tags: ['1'], layers: 0 })
    const other = await addKey(cache, 'other')
    const status = async (one: string, repo: string) =>
      (await ask(`/k/${one}${manifestPath('1', repo)}`)).status
    assert.deepEqual(
      [await status(key, 'secret'), await status(key, 'app'), await status(other, 'secret')],
      [403, 200, 200],
    )
    assert.equal((await ask(manifestPath('1', 'secret'), as('bob'))).status, 200)
  })
})
