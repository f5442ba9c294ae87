import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { ApiError } from '../../src/api/contract.ts'
import type { HubImage, HubPage, HubTag } from '../../src/api/contract-hub.ts'
import { pullImage } from '../jobs/support.ts'
import { as, type Guarded, startGuarded } from '../security/access-support.ts'
import type { ConfigTables } from '../support/cachalot.ts'
import { type FakeHub, startFakeHub } from '../support/fake-hub.ts'
import type { Cleanup } from '../support/temp.ts'
import { get } from './live-support.ts'

const MINUTE = 60_000

interface Scene extends Guarded {
  /** The web API; `hub` is the registry. */
  readonly web: FakeHub
  search(q: string, who?: string, page?: number): Promise<HubPage<HubImage>>
  tags(repository: string, who?: string, q?: string): Promise<HubPage<HubTag>>
}

/** A cache with users, a registry and Docker Hub's web API. */
async function startScene(t: Cleanup, rule: NonNullable<ConfigTables['rule']> = []): Promise<Scene> {
  const web = await startFakeHub(t)
  const scene = await startGuarded(t, { auth: { anonymous_pull: 'all' }, rule })
  const { cache } = scene
  await cache.reload({ config: { hub: { enabled: true, url: web.url } } })
  return {
    ...scene,
    web,
    search: (q, who = 'carol', page = 1) =>
      get(cache, `/hub/search?q=${encodeURIComponent(q)}&page=${page}`, as(who)),
    tags: (repository, who = 'carol', q = '') =>
      get(
        cache,
        `/hub/tags?repository=${encodeURIComponent(repository)}&q=${encodeURIComponent(q)}`,
        as(who),
      ),
  }
}

/** Pulls an image with these tags through the cache; its digest. */
async function pulled({ hub, cache }: Scene, repo: string, ...tags: string[]): Promise<string> {
  const image = hub.addImage(repo, { tags, layers: [1000] })
  for (const tag of tags) await pullImage(cache, image, { repo, tag })
  return image.manifest.digest
}

const marksOf = ({ items }: HubPage<HubImage>) => items.map(({ name, cached }) => `${name} ${cached}`)
const tagsOf = ({ items }: HubPage<HubTag>) => items.map(({ tag, cached }) => `${tag} ${cached}`)
const OTHER = `sha256:${'0'.repeat(64)}`

suite('searching Docker Hub', () => {
  test('says what it has, and what of it is here at this moment', async (t) => {
    const scene = await startScene(t)
    const { web, search, clock } = scene
    web.add({ name: 'app', description: 'an app', stars: 12, pulls: 34, official: true })
    web.add({ name: 'org/app', description: 'another' })
    const page = await search(' App ')
    assert.deepEqual(page.items[0], {
      name: 'docker.io/library/app',
      description: 'an app',
      stars: 12,
      pulls: 34,
      official: true,
      cached: false,
    })
    assert.deepEqual(
      [page.source, page.at, page.why, page.total, page.nextCursor],
      ['hub', clock(), undefined, 2, undefined],
    )
    await pulled(scene, 'org/app', '1')
    assert.deepEqual(marksOf(await search('docker.io/library/app:1')), [
      'docker.io/library/app false',
      'docker.io/org/app true',
    ])
    assert.equal(web.requests.length, 1)
  })

  test('goes on by pages', async (t) => {
    const { web, search } = await startScene(t)
    for (let n = 0; n < 60; n++) web.add({ name: `org/app${n}` })
    const pages = [await search('org'), await search('org', 'bob', 2), await search('org', 'bob', 3)]
    assert.deepEqual(
      pages.map(({ items, total, nextCursor }) => [items.length, total, nextCursor]),
      [
        [25, 60, '2'],
        [25, 60, '3'],
        [10, 60, undefined],
      ],
    )
  })

  test('takes two characters and a page that there can be, and asks nothing else', async (t) => {
    const { web, cache } = await startScene(t)
    const reasons: Readonly<Record<string, string | undefined>> = {
      'q=x': 'hub_short',
      'q=%20y%20': 'hub_short',
      [`q=${'z'.repeat(101)}`]: 'hub_long',
      'q=app&page=101': undefined,
      'q=app&page=0': undefined,
      'q=app&page=1.5': undefined,
      'q=app&more=1': undefined,
      '': undefined,
    }
    for (const [query, reason] of Object.entries(reasons)) {
      const { error } = await get<{ error: ApiError }>(cache, `/hub/search?${query}`, as('bob'), 400)
      assert.deepEqual([error.code, error.reason], ['bad_request', reason], query)
    }
    for (const name of ['ghcr.io/org/app', 'a/b/c', '..%2F..'])
      await get(cache, `/hub/tags?repository=${name}`, as('bob'), 400)
    assert.equal(web.requests.length, 0)
  })

  test('marks what is here also where docker.io is a further name', async (t) => {
    const scene = await startScene(t)
    const { web, search, tags, cache, hub } = scene
    web.add({ name: 'app' }, [{ name: '1' }])
    await cache.reload({
      upstreams: [{ name: 'dockerhub', url: hub.url, aliases: ['docker.io'], default: true }],
    })
    await pulled(scene, 'library/app', '1')
    assert.deepEqual(marksOf(await search('app')), ['dockerhub/library/app true'])
    assert.deepEqual(tagsOf(await tags('docker.io/library/app')), ['1 yes'])
  })

  test('happens only when somebody asks', async (t) => {
    const scene = await startScene(t)
    await pulled(scene, 'library/app', '1')
    await get(scene.cache, '/repositories', as('bob'))
    assert.equal(scene.web.requests.length, 0)
  })
})

suite('tags of Docker Hub', () => {
  test('say what is here, and what moved there since', async (t) => {
    const scene = await startScene(t)
    const { web, tags, hub, cache, clock } = scene
    const digest = await pulled(scene, 'library/app', '1', '2')
    clock.advance(MINUTE)
    const image = { architecture: 'arm64', os: 'linux', variant: 'v8', digest, size: 77 }
    web.add({ name: 'app' }, [
      { name: '1', digest, images: [image] },
      { name: '2', digest: OTHER },
      { name: '3', digest },
      { name: 'unsaid' },
    ])
    const page = await tags('app')
    assert.deepEqual(page.items[0], {
      tag: '1',
      digest,
      updated: Date.UTC(2025, 11, 30, 8, 15, 0, 123),
      platforms: [{ platform: 'linux/arm64/v8', digest, size: 77 }],
      cached: 'yes',
    })
    assert.deepEqual(tagsOf(page), ['1 yes', '2 moved', '3 no', 'unsaid no'])
    assert.deepEqual(tagsOf(await tags('docker.io/library/app:1', 'carol', '2')), ['2 moved'])

    // Asked after Docker Hub said so, the registry knows better.
    clock.advance(MINUTE)
    hub.addImage('library/app', { tags: ['1'], layers: [2000] })
    await cache.reload({ config: { cache: { tag_ttl: '0s' } } })
    await cache.fetch('/v2/library/app/manifests/1')
    assert.deepEqual(tagsOf(await tags('app')), ['1 yes', '2 moved', '3 no', 'unsaid no'])
    assert.equal(web.requests.length, 2)
  })

  test('of a repository that is nowhere are an error, and of one that is here only, our own', async (t) => {
    const scene = await startScene(t)
    const { cache, tags } = scene
    const { error } = await get<{ error: ApiError }>(cache, '/hub/tags?repository=no/such', as('bob'), 404)
    assert.deepEqual(
      [error.code, error.reason, error.params],
      ['upstream_not_found', 'hub_absent', { name: 'docker.io/no/such' }],
    )
    await pulled(scene, 'org/private', '1')
    const page = await tags('org/private', 'bob')
    assert.deepEqual([page.source, page.reason, tagsOf(page)], ['cache', 'hub_absent', ['1 yes']])
    assert.deepEqual((await tags('org/private', 'bob', '7')).items, [])
  })
})

suite('where Docker Hub cannot be asked', () => {
  test('an earlier answer is shown as that, with the marks of now', async (t) => {
    const scene = await startScene(t)
    const { web, search, clock } = scene
    web.add({ name: 'app' })
    const before = clock()
    await search('app')
    clock.advance(60 * MINUTE)
    web.mood({ kind: 'status', status: 429, headers: { 'retry-after': '600' } })
    await pulled(scene, 'library/app', '1')
    const page = await search('app')
    assert.deepEqual(page, {
      items: [
        { name: 'docker.io/library/app', description: '', stars: 0, pulls: 0, official: false, cached: true },
      ],
      total: 1,
      source: 'remembered',
      at: before,
      why: 'Docker Hub wants no questions for another 600 s',
      reason: 'hub_limited',
      params: { seconds: 600 },
    })
  })

  test('our own repositories are searched: every word, wherever it stands, the busiest first', async (t) => {
    const scene = await startScene(t)
    const { cache, search, clock, web } = scene
    await cache.reload({ config: { hub: { enabled: false } } })
    for (const repo of ['library/nginx', 'org/nginx-proxy', 'org/other']) await pulled(scene, repo, '1')
    await pulled(scene, 'org/nginx-proxy', '2')
    const page = await search('nginx')
    assert.deepEqual(page.items[0], {
      name: 'docker.io/org/nginx-proxy',
      description: '',
      stars: 0,
      pulls: 2,
      official: false,
      cached: true,
    })
    assert.deepEqual([page.source, page.at, page.total, page.reason], ['cache', clock(), 2, 'hub_off'])
    assert.equal(page.why, 'searching Docker Hub is switched off (hub.enabled)')
    assert.deepEqual(marksOf(await search('proxy NGINX')), ['docker.io/org/nginx-proxy true'])
    // "docker" stands in every name of this registry, and stars are no globs.
    for (const q of ['docker', '**', 'g*p'])
      assert.deepEqual((await search(q)).items.length, q === '**' ? 3 : 0, q)
    assert.equal(web.requests.length, 0)
  })

  test('pages of our own go on as well', async (t) => {
    const scene = await startScene(t)
    await scene.cache.reload({ config: { hub: { enabled: false } } })
    for (let n = 0; n < 30; n++) await pulled(scene, `org/app${n}`, '1')
    const pages = await Promise.all([1, 2, 3].map((page) => scene.search('app', 'carol', page)))
    assert.deepEqual(
      pages.map(({ items, total, nextCursor }) => [items.length, total, nextCursor]),
      [
        [25, 30, '2'],
        [5, 30, undefined],
        [0, 30, undefined],
      ],
    )
    assert.equal(new Set(pages.flatMap(marksOf)).size, 30)
  })

  test('our own tags are listed, with the platforms that are here', async (t) => {
    const scene = await startScene(t)
    const { web, tags, hub, cache } = scene
    await web.stop()
    const index = hub.addIndex('org/multi', { tags: ['3', '10'] })
    const [first] = index.images
    assert.ok(first)
    await pullImage(cache, { ...first, manifest: index.manifest }, { repo: 'org/multi', tag: '3' })
    await cache.fetch('/v2/org/multi/manifests/10')
    await cache.fetch(`/v2/org/multi/manifests/${first.manifest.digest}`)
    const page = await tags('org/multi')
    assert.deepEqual(
      [page.source, page.reason, tagsOf(page)],
      ['cache', 'hub_unreachable', ['10 yes', '3 yes']],
    )
    const [row] = page.items
    assert.deepEqual(
      [row?.digest, row?.updated, row?.platforms.length],
      [index.manifest.digest, undefined, 1],
    )
    assert.match(row?.platforms[0]?.platform ?? '', /^linux\//)
    assert.ok((row?.platforms[0]?.size ?? 0) > 0)
    assert.deepEqual(tagsOf(await tags('org/multi', 'carol', '1')), ['10 yes'])
    assert.deepEqual(tagsOf(await tags('org/never')), [])
  })

  test('also without an upstream for it', async (t) => {
    const { cache, web, search } = await startScene(t)
    await cache.reload({ upstreams: [{ name: 'ghcr.io', url: 'http://127.0.0.1:9' }] })
    const page = await search('app')
    assert.deepEqual(
      [page.source, page.reason, page.params],
      ['cache', 'no_upstream', { upstream: 'docker.io' }],
    )
    assert.equal(web.requests.length, 0)
  })
})

suite('what rules hide', () => {
  const RULES = [
    { effect: 'deny', match: ['docker.io/evil/**'], users: ['bob'] },
    { effect: 'deny', match: ['docker.io/org/app:secret*'], users: ['bob'] },
  ]

  test('is in no answer, be it here or not', async (t) => {
    const scene = await startScene(t, RULES)
    const { web, search, tags, cache } = scene
    web.add({ name: 'evil/app' }, [{ name: '1' }])
    web.add({ name: 'org/app' }, [{ name: '1' }, { name: 'secret-1' }])
    assert.deepEqual(marksOf(await search('app', 'bob')), ['docker.io/org/app false'])
    await pulled(scene, 'org/app', 'secret-1')
    await pulled(scene, 'evil/app', '1')
    assert.deepEqual(marksOf(await search('app', 'bob')), ['docker.io/org/app false'])
    assert.deepEqual(marksOf(await search('app')), ['docker.io/evil/app true', 'docker.io/org/app true'])
    assert.deepEqual(tagsOf(await tags('org/app', 'bob')), ['1 no'])
    assert.deepEqual(tagsOf(await tags('org/app')), ['1 no', 'secret-1 yes'])
    for (const name of ['evil/app', 'evil/none'])
      await get(cache, `/hub/tags?repository=${name}`, as('bob'), 403)
    await pulled(scene, 'org/app', '1')
    assert.deepEqual(marksOf(await search('app', 'bob')), ['docker.io/org/app true'])
  })

  test('is in none of our own either', async (t) => {
    const scene = await startScene(t, RULES)
    const { cache, search, tags } = scene
    await cache.reload({ config: { hub: { enabled: false } } })
    await pulled(scene, 'evil/app', '1')
    await pulled(scene, 'org/app', '1', 'secret-1')
    const page = await search('app', 'bob')
    assert.deepEqual([marksOf(page), page.total], [['docker.io/org/app true'], 1])
    assert.deepEqual(tagsOf(await tags('org/app', 'bob')), ['1 yes'])
    assert.equal((await search('app')).total, 2)
  })

  test('where all tags of a repository are hidden, it is not among our own', async (t) => {
    const scene = await startScene(t, RULES)
    await scene.cache.reload({ config: { hub: { enabled: false } } })
    await pulled(scene, 'org/app', 'secret-1')
    const page = await scene.search('app', 'bob')
    assert.deepEqual([page.items, page.total], [[], 0])
    assert.deepEqual(marksOf(await scene.search('app')), ['docker.io/org/app true'])
  })

  test('is not asked for where it is all there is', async (t) => {
    const scene = await startScene(t, [{ effect: 'deny', match: ['docker.io/**'], users: ['bob'] }])
    await get(scene.cache, '/hub/search?q=app', as('bob'), 403)
    assert.equal(scene.web.requests.length, 0)
    assert.equal((await scene.search('app')).source, 'hub')
  })

  test('cannot be told from what is not there', async (t) => {
    const scene = await startScene(t, RULES)
    const asked = async (): Promise<unknown> => {
      const paths = ['', '&q=secret']
      return await Promise.all(
        paths.map((rest) => get(scene.cache, `/hub/tags?repository=org/app${rest}`, as('bob'), 404)),
      )
    }
    const before = await asked()
    await pulled(scene, 'org/app', 'secret-1')
    assert.deepEqual(await asked(), before)
  })
})
