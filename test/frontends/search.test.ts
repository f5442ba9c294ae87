import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { as, from, type Guarded, HOME, STRANGER, startGuarded } from '../security/access-support.ts'
import type { ConfigTables } from '../support/cachalot.ts'
import { type FakeHub, startFakeHub } from '../support/fake-hub.ts'
import type { Cleanup } from '../support/temp.ts'

interface Result {
  readonly num_results: number
  readonly query: string
  readonly results: readonly { readonly name: string; readonly is_official: boolean }[]
}

async function startScene(
  t: Cleanup,
  rule: NonNullable<ConfigTables['rule']> = [],
): Promise<Guarded & { readonly web: FakeHub }> {
  const web = await startFakeHub(t)
  web.add({ name: 'nginx', description: 'a server', stars: 7, official: true })
  web.add({ name: 'org/nginx' })
  const scene = await startGuarded(t, { auth: { anonymous_pull: 'private' }, rule })
  await scene.cache.reload({ config: { hub: { enabled: true, url: web.url } } })
  return { ...scene, web }
}

// What a search is answered with is the contract that is tested here.
const resultIn = ({ body }: { body: Buffer }): Result => JSON.parse(body.toString()) as Result
const namesIn = (answer: { body: Buffer }): string[] => resultIn(answer).results.map(({ name }) => name)

suite('docker search', () => {
  test('is answered in its own shape, by names that are pulled from here', async (t) => {
    const { ask, web, clock } = await startScene(t)
    const answer = await ask('/v1/search?q=nginx&n=25', from(HOME))
    const { headers } = answer
    assert.deepEqual(
      [answer.status, headers['content-type'], headers['x-cache']],
      [200, 'application/json', 'miss'],
    )
    const row = { description: '', star_count: 0, is_official: false, is_automated: false }
    assert.deepEqual(resultIn(answer), {
      query: 'nginx',
      num_results: 2,
      results: [
        { ...row, name: 'library/nginx', description: 'a server', star_count: 7, is_official: true },
        { ...row, name: 'org/nginx' },
      ],
    })
    clock.advance(1000)
    const again = await ask('/v1/search?q=nginx&n=1', from(HOME))
    assert.deepEqual([namesIn(again), again.headers['x-cache']], [['library/nginx'], 'hit'])
    assert.equal((await ask('/v1/search?q=nginx', from(HOME), 'HEAD')).body.length, 0)
    assert.equal(web.requests.length, 1)
  })

  test('is for whoever may pull, and shows what they may pull', async (t) => {
    const rule = [{ effect: 'deny', match: ['docker.io/org/**'], users: ['anonymous', 'bob'] }]
    const { ask, web } = await startScene(t, rule)
    const search = (headers: Record<string, string>) => ask('/v1/search?q=nginx', headers)
    assert.equal((await search(from(STRANGER))).status, 401)
    assert.equal(web.requests.length, 0)
    assert.deepEqual(namesIn(await search(from(HOME))), ['library/nginx'])
    assert.deepEqual(namesIn(await search({ ...from(STRANGER), ...as('bob') })), ['library/nginx'])
    assert.equal(namesIn(await search({ ...from(STRANGER), ...as('carol') })).length, 2)
  })

  test('finds what is here where Docker Hub cannot be asked', async (t) => {
    const { ask, web, hub } = await startScene(t)
    hub.addImage('library/nginx', { tags: ['1'], layers: [1000] })
    await ask('/v2/library/nginx/manifests/1', from(HOME))
    await web.stop()
    assert.deepEqual(namesIn(await ask('/v1/search?q=nginx', from(HOME))), ['library/nginx'])
    assert.deepEqual(namesIn(await ask('/v1/search?q=other', from(HOME))), [])
  })

  test('names the registry where it is not the usual one, and searches no other', async (t) => {
    const { ask, cache, hub } = await startScene(t)
    const upstreams = [
      { name: 'ghcr.io', url: hub.url, hosts: ['ghcr.example'] },
      { name: 'docker.io', url: hub.url, hosts: ['docker.example'] },
    ]
    await cache.reload({ upstreams })
    const search = (host: string) => ask('/v1/search?q=nginx&n=1', { ...from(HOME), host })
    assert.deepEqual(namesIn(await search('cache.example')), ['docker.io/library/nginx'])
    assert.deepEqual(namesIn(await search('docker.example')), ['library/nginx'])
    assert.equal((await search('ghcr.example')).status, 404)
  })

  test('takes words, and a number that is one', async (t) => {
    const { ask, web } = await startScene(t)
    for (const query of ['', '?q=', '?q=x', `?q=${'z'.repeat(200)}`])
      assert.equal((await ask(`/v1/search${query}`, from(HOME))).status, 400, query)
    assert.equal(web.requests.length, 0)
    assert.equal((await ask('/v1/search?q=nginx&n=-1', from(HOME))).status, 400)
    assert.equal((await ask('/v1/search?q=nginx', from(HOME), 'POST')).status, 404)
    assert.equal((await ask('/v1/_ping', from(HOME))).status, 404)
  })
})
