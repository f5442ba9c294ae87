import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { as, errorIn, from, type Guarded, HOME, STRANGER, startGuarded } from '../security/access-support.ts'
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
    const answer = await ask('/v1/search?q=nginx', from(HOME))
    assert.deepEqual(namesIn(answer), ['library/nginx'])
    const warning = '299 - "served stale: Docker Hub cannot be reached; this is what is cached"'
    assert.deepEqual([answer.headers['x-cache'], answer.headers['warning']], ['miss', warning])
    assert.equal((await ask('/v1/search?q=nginx', from(HOME))).headers['x-cache'], 'hit')
  })

  test('says so where nobody can be asked, and nothing is known', async (t) => {
    const { ask, web, cache, clock } = await startScene(t)
    const failing = async (query: string) => {
      const answer = await ask(`/v1/search?q=${query}`, from(HOME))
      return [answer.status, errorIn(answer).message, answer.headers['retry-after']]
    }
    web.mood({ kind: 'status', status: 403 })
    assert.deepEqual(await failing('other'), [503, 'Docker Hub answered with status 403', undefined])
    clock.advance(60_000)
    web.mood({ kind: 'status', status: 429, headers: { 'retry-after': '60' } })
    const limited = 'Docker Hub wants no questions for another 60 s'
    assert.deepEqual(await failing('another'), [429, limited, '60'])
    // Who switched it off searches what is here.
    await cache.reload({ config: { hub: { enabled: false } } })
    const off = await ask('/v1/search?q=other', from(HOME))
    assert.deepEqual([off.status, namesIn(off)], [200, []])
    assert.match(off.headers['warning'] ?? '', /switched off/)
  })

  test('gives an earlier answer with a warning', async (t) => {
    const { ask, web, clock } = await startScene(t)
    await ask('/v1/search?q=nginx', from(HOME))
    clock.advance(3_600_000)
    web.mood({ kind: 'status', status: 403 })
    const warning =
      '299 - "served stale: Docker Hub answered with status 403; this is what Docker Hub said earlier"'
    for (const outcome of ['miss', 'stale']) {
      const answer = await ask('/v1/search?q=nginx', from(HOME))
      assert.deepEqual([answer.headers['x-cache'], answer.headers['warning']], [outcome, warning])
    }
  })

  test('costs as much as what it makes others do, also where that fails', async (t) => {
    const { ask, web, cache, clock, hub } = await startScene(t)
    await cache.reload({ config: { hub: { enabled: true, url: web.url }, limits: { requests: '60/m' } } })
    hub.addImage('library/nginx', { tags: ['1'], layers: [1000] })
    await ask('/v2/library/nginx/manifests/1', from('10.9.9.9'))
    web.mood({ kind: 'status', status: 403 })
    /** How many come in before one is refused, each with words that nobody asked for before. */
    const drive = async (path: string, who: Record<string, string>): Promise<number> => {
      for (let n = 0; n < 100; n++)
        if ((await ask(`${path}${n}`, who)).headers['retry-after'] !== undefined) return n
      return 100
    }
    const bob = (address: string) => ({ ...from(address), ...as('bob') })
    assert.equal(await drive('/v1/search?q=bad', bob('203.0.113.77')), 30)
    assert.equal(await drive('/api/v1/hub/search?q=words', bob('203.0.113.78')), 30)
    // What is found here all the same costs that as well, where it was asked for elsewhere in vain.
    clock.advance(60_000)
    const { headers } = await ask('/v1/search?q=nginx', from(HOME))
    assert.equal(headers['x-cache'], 'miss')
  })

  test('gives as many as are asked for', async (t) => {
    const { ask, web } = await startScene(t)
    for (let n = 0; n < 130; n++) web.add({ name: `org/app${n}` })
    const count = async (n: string) => namesIn(await ask(`/v1/search?q=app${n}`, from(HOME))).length
    assert.deepEqual(
      [
        await count('&n=100'),
        await count('&n=50'),
        await count('&n=3'),
        await count(''),
        await count('&n=999'),
      ],
      [100, 50, 3, 25, 100],
    )
    assert.deepEqual(
      web.requests.map(({ query }) => query.get('page_size')),
      ['100', '25'],
    )
  })

  test('asks nobody for those who may pull nothing of it', async (t) => {
    const rule = [
      { effect: 'allow', match: ['docker.io/org/**'], users: ['carol'] },
      { effect: 'deny', match: ['docker.io/**'], users: ['anonymous', 'carol'] },
    ]
    const { ask, web } = await startScene(t, rule)
    const refused = await ask('/v1/search?q=nginx', from(HOME))
    assert.equal(refused.status, 403)
    assert.equal(errorIn(refused).message, 'rule 2 forbids anonymous to pull anything of docker.io')
    assert.equal(web.requests.length, 0)
    assert.deepEqual(namesIn(await ask('/v1/search?q=nginx', as('carol'))), ['org/nginx'])
  })

  test('what rules hide takes no room from what they do not', async (t) => {
    const rule = [
      { effect: 'deny', match: ['docker.io/secret/**', 'docker.io/corp/*:*'], users: ['anonymous'] },
    ]
    const { ask, web, hub } = await startScene(t, rule)
    for (const repo of [...Array.from({ length: 30 }, (_, n) => `secret/nginx${n}`), 'corp/nginx']) {
      hub.addImage(repo, { tags: ['1'], layers: [10] })
      for (let n = 0; n < 2; n++) await ask(`/v2/${repo}/manifests/1`, as('alice'))
    }
    hub.addImage('open/nginx', { tags: ['1'], layers: [999] })
    await ask('/v2/open/nginx/manifests/1', from(HOME))
    await web.stop()
    assert.deepEqual(namesIn(await ask('/v1/search?q=nginx', from(HOME))), ['open/nginx'])
    assert.equal(namesIn(await ask('/v1/search?q=nginx&n=100', as('alice'))).length, 32)
  })

  test('docker.io may be a further name of its upstream', async (t) => {
    const { ask, cache, hub, web } = await startScene(t)
    const upstreams = [{ name: 'dockerhub', url: hub.url, aliases: ['docker.io'], hosts: ['docker.example'] }]
    await cache.reload({ upstreams })
    assert.deepEqual(namesIn(await ask('/v1/search?q=org', { ...from(HOME), host: 'docker.example' })), [
      'org/nginx',
    ])
    assert.equal(web.requests.length, 1)
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
    assert.equal((await ask('/v1/search?q=nginx&n=-1', from(HOME))).status, 400)
    assert.equal((await ask('/v1/search?q=ghcr.io/org/app', from(HOME))).status, 400)
    assert.equal(web.requests.length, 0)
    assert.equal((await ask('/v1/search?q=nginx', from(HOME), 'POST')).status, 404)
    assert.equal((await ask('/v1/_ping', from(HOME))).status, 404)
  })
})
