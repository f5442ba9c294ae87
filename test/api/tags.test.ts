import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { TagRowFull } from '../../src/api/contract-contents.ts'
import { tagOrderKey } from '../../src/db/accounts/tag-order.ts'
import { DAY, HOUR } from '../../src/domain/clock.ts'
import { assertNoParts, blobPath, manifestPath } from '../e2e/support.ts'
import { apiOf, pullImage } from '../jobs/support.ts'
import { as, startGuarded } from '../security/access-support.ts'
import { startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'

suite('tags', () => {
  test('stand as people look for them: the newest version first', () => {
    const order = [
      'latest',
      'v2.0.0',
      '1.27.10',
      '1.27.10-alpine',
      '1.27.10-rc2',
      '1.27.10-rc1',
      '1.27.2',
      '1.27',
      '1.27-alpine3.20',
      '1.27-alpine3.9',
      '1.9',
      '1',
      '0.0.1',
      'bookworm',
      'edge',
      'pr-124',
      'pr-99',
      'sha-7a1b2c',
    ]
    const shuffled = order.toSorted((a, b) => ((a.length * 7) % 5) - ((b.length * 7) % 5) || (a < b ? 1 : -1))
    assert.deepEqual(
      shuffled.toSorted((a, b) => (tagOrderKey(a) < tagOrderKey(b) ? -1 : 1)),
      order,
    )
    // Hashes are no versions, and long numbers are numbers.
    assert.ok(tagOrderKey('7a1b2c') > tagOrderKey('0.1'))
    assert.ok(tagOrderKey('20260101123456789012345') < tagOrderKey('9'))
    const all = new Set(['1.0', '1.00', '01.0', 'A', 'a'].map(tagOrderKey))
    assert.equal(all.size, 5, 'no two tags have the same place')
  })

  test('of a repository come with all there is to know, page by page in any order', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock })
    const sizes = { '1.9': 300_000, '1.10': 100_000, '1.27': 200_000 }
    for (const [tag, size] of Object.entries(sizes)) {
      const image = hub.addImage('library/app', {
        tags: [tag, ...(tag === '1.27' ? ['latest'] : [])],
        layers: [size],
      })
      await pullImage(cache, image, { repo: 'library/app', tag })
      clock.advance(HOUR)
    }
    await cache.fetch(manifestPath('latest'))
    await assertNoParts(cache.dataDir)
    await hub.stop()
    const api = apiOf(cache)
    const list = async (query: object = {}): Promise<readonly TagRowFull[]> =>
      (await api.get('/tags', { name: 'app', ...query })).items
    const names = async (query: object): Promise<string> =>
      (await list(query)).map(({ tag }) => tag).join(' ')

    const [latest, newest] = await list()
    assert.deepEqual(latest?.aliases, ['1.27'])
    assert.deepEqual(
      [newest?.tag, newest?.platforms, newest?.pulls, newest?.lastUsed],
      ['1.27', [{ platform: 'linux/amd64', state: 'complete' }], 1, clock() - HOUR],
    )
    assert.equal(newest?.onlyHere, newest?.total)
    assert.deepEqual([latest?.state, newest?.state], ['fresh', 'due'])
    assert.equal(await names({}), 'latest 1.27 1.10 1.9')
    assert.equal(await names({ sort: '-version' }), '1.9 1.10 1.27 latest')
    assert.equal(await names({ sort: 'tag' }), '1.10 1.27 1.9 latest')
    assert.equal(await names({ sort: '-total', filter: '!latest' }), '1.9 1.27 1.10')
    assert.equal(await names({ sort: 'lastUsed' }), '1.9 1.10 1.27 latest')
    assert.equal(await names({ filter: '1.2' }), '1.27')
    assert.equal(await names({ filter: '1.*0' }), '1.10')
    assert.equal(await names({ filter: '>150KiB used:2h' }), 'latest 1.27')
    assert.equal(await names({ filter: 'partial' }), '')
    const first = await api.get('/tags', { name: 'app', limit: 2, sort: '-total' })
    const second = await api.get('/tags', {
      name: 'app',
      limit: 2,
      sort: '-total',
      ...(first.nextCursor === undefined ? {} : { cursor: first.nextCursor }),
    })
    assert.deepEqual([first.total, second.nextCursor], [4, undefined])
    assert.equal([...first.items, ...second.items].map(({ tag }) => tag).join(' '), '1.9 latest 1.27 1.10')
    await assert.rejects(list({ sort: 'beauty' }), /no column beauty/)
    await assert.rejects(list({ name: 'app:1.9' }), /one image/)
    await assert.rejects(list({ filter: 'idel:3d' }), /idel/)
    assert.deepEqual(await list({ name: 'none' }), [])
    clock.advance(DAY)
  })

  test('tell which platforms are here, and parts and replaced images are found without a tag', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock })
    const old = hub.addImage('library/app', { tags: ['1'], layers: [1000] })
    await pullImage(cache, old, { repo: 'library/app', tag: '1' })
    clock.advance(DAY)
    const { images, manifest: index } = hub.addIndex('library/app', {
      tags: ['1'],
      image: { layers: [50_000, 9000] },
    })
    const [amd64] = images
    assert.ok(amd64)
    await cache.fetch(manifestPath('1'))
    const platformsNow = async () => (await apiOf(cache).get('/tags', { name: 'app' })).items[0]?.platforms
    const arm = { platform: 'linux/arm64/v8', state: 'absent' } as const
    const sorted = (rows: Awaited<ReturnType<typeof platformsNow>>) =>
      (rows ?? []).toSorted((a, b) => ((a.platform ?? '') < (b.platform ?? '') ? -1 : 1))
    assert.deepEqual(sorted(await platformsNow()), [{ platform: 'linux/amd64', state: 'absent' }, arm])
    await cache.fetch(manifestPath(amd64.manifest.digest))
    assert.deepEqual(sorted(await platformsNow()), [{ platform: 'linux/amd64', state: 'partial' }, arm])
    for (const { digest } of [amd64.config, ...amd64.layers]) await cache.fetch(blobPath(digest))
    await assertNoParts(cache.dataDir)
    assert.deepEqual(sorted(await platformsNow()), [{ platform: 'linux/amd64', state: 'complete' }, arm])
    const { items, total } = await apiOf(cache).get('/digests', { name: 'app' })
    assert.deepEqual(
      items.map(({ digest, parents, replacedAt }) => [digest, parents, replacedAt]),
      [
        [amd64.manifest.digest, ['docker.io/library/app:1'], undefined],
        [old.manifest.digest, [], clock()],
      ],
    )
    assert.equal(total, 2)
    assert.ok(items.every(({ digest }) => digest !== index.digest))
  })

  test('that a user may not pull are not there, as aliases neither', async (t) => {
    const { hub, cache } = await startGuarded(t, {
      auth: { anonymous_pull: 'all' },
      rule: [{ effect: 'deny', match: ['docker.io/library/app:secret*'], users: ['bob'] }],
    })
    const image = hub.addImage('library/app', { tags: ['1', 'secret-1'], layers: [1000] })
    await pullImage(cache, image, { repo: 'library/app', tag: '1' })
    await cache.fetch(manifestPath('secret-1'), { headers: as('carol') })
    await assertNoParts(cache.dataDir)
    const ask = async (name: string): Promise<string> =>
      (await cache.fetch('/api/v1/tags?name=library/app', { headers: as(name), lint: false })).body.toString()
    assert.match(await ask('carol'), /secret-1/)
    assert.doesNotMatch(await ask('bob'), /secret/)
    assert.match(await ask('bob'), /"total":1[,}]/)
  })
})
