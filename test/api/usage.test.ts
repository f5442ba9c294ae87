import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import Database from 'better-sqlite3'
import type { RequestRow } from '../../src/api/contract-activity.ts'
import { DAY } from '../../src/domain/clock.ts'
import { assertNoParts, blobPath, eventually, manifestPath } from '../e2e/support.ts'
import { apiOf, pullImage, remove } from '../jobs/support.ts'
import { as, startGuarded } from '../security/access-support.ts'
import { type Cachalot, startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import { buildLayer } from '../support/oci-image.ts'
import { tempDir } from '../support/temp.ts'

const BLOCK = 4096

suite('pulls by day', () => {
  test('count each pull of an image once, on its day, for a month', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock })
    const plain = hub.addImage('library/app', { tags: ['1'] })
    const { images } = hub.addIndex('library/multi', { tags: ['1'] })
    hub.addImage('library/idle', { tags: ['1'] })
    const [amd64] = images
    assert.ok(amd64)
    const days = async (name: string): Promise<readonly number[]> => {
      const { items } = await apiOf(cache).get('/repositories', {})
      return items.find((row) => row.name === `docker.io/library/${name}`)?.pulls30d ?? [-1]
    }
    const recent = async (name: string): Promise<string> => (await days(name)).slice(-3).join(' ')

    await pullImage(cache, plain, { repo: 'library/app', tag: '1' })
    await cache.fetch(manifestPath('1'), { method: 'HEAD' })
    await cache.fetch(manifestPath('1', 'library/idle'), { method: 'HEAD' })
    assert.equal(await recent('app'), '0 0 1')
    // An index is pulled together with the manifest it leads to.
    await cache.fetch(manifestPath('1', 'library/multi'))
    await cache.fetch(manifestPath(amd64.manifest.digest, 'library/multi'))
    assert.equal(await recent('multi'), '0 0 1')
    clock.advance(DAY)
    for (let i = 0; i < 3; i++) await cache.fetch(manifestPath('1'))
    await cache.fetch(manifestPath(plain.manifest.digest))
    assert.equal(await recent('app'), '0 1 4')
    assert.equal((await days('app')).length, 30)
    await cache.restart()
    clock.advance(DAY)
    assert.equal(await recent('app'), '1 4 0')
    await assertNoParts(cache.dataDir)
    // What comes back after an eviction goes on from there.
    await remove(cache, ['app:1'])
    await cache.fetch(manifestPath('1'))
    assert.equal(await recent('app'), '1 4 1')
    clock.advance(29 * DAY)
    assert.equal((await days('app'))[0], 1)
    clock.advance(40 * DAY)
    assert.deepEqual(await days('app'), [])
  })
})

suite('when images were made, and for what', () => {
  const listed = async (cache: Cachalot, query: object = {}): Promise<string> => {
    const { items } = await apiOf(cache).get('/tags', { name: 'app', ...query })
    return items.map(({ tag }) => tag).join(' ')
  }

  test('is known from their configs, sorts and filters, and outlives a restart', async (t) => {
    const { hub, cache } = await startPair(t)
    const made = { '1': '2026-03-01T00:00:00Z', '2': '2026-01-01T12:00:00.5Z', '3': '1970-01-01T00:00:00Z' }
    for (const [tag, created] of Object.entries(made)) {
      const platform = tag === '2' ? 'linux/arm/v7' : 'linux/amd64'
      const image = hub.addImage('library/app', { tags: [tag], created, platform })
      await pullImage(cache, image, { repo: 'library/app', tag })
    }
    await assertNoParts(cache.dataDir)
    await hub.stop()
    for (let start = 0; start < 2; start++) {
      const { items } = await apiOf(cache).get('/tags', { name: 'app', sort: 'tag' })
      assert.deepEqual(
        items.map(({ created }) => created),
        [Date.parse(made[1]), Date.parse(made[2]), undefined],
      )
      assert.equal(await listed(cache, { sort: '-created' }), '1 2 3')
      assert.equal(await listed(cache, { sort: 'created' }), '3 2 1')
      assert.equal(await listed(cache, { filter: 'platform:linux/arm' }), '2')
      assert.equal(await listed(cache, { filter: '!platform:arm/v7' }), '3 1')
      const images = await apiOf(cache).get('/images', { sort: '-created', filter: 'platform:amd64' })
      assert.deepEqual(
        images.items.map(({ name, platforms }) => [name.slice(-1), platforms]),
        [
          ['1', ['linux/amd64']],
          ['3', ['linux/amd64']],
        ],
      )
      const repositories = await apiOf(cache).get('/repositories', { filter: 'platform:linux/s390x' })
      assert.equal(repositories.total, 0)
      await cache.restart()
    }
    await assert.rejects(listed(cache, { filter: 'platform:' }), /names no platform/)
  })

  test('is found out of an index from before, however much there is to read', async (t) => {
    const dataDir = join(await tempDir(t), 'data')
    const { hub, cache } = await startPair(t, { dataDir })
    for (let i = 0; i < 100; i++) {
      const created = new Date(Date.UTC(2026, 0, 1 + i)).toISOString()
      const image = hub.addImage('library/app', { tags: [`1.${i}`], created, layers: [100] })
      await pullImage(cache, image, { repo: 'library/app', tag: `1.${i}` })
    }
    await assertNoParts(cache.dataDir)
    await cache.close()
    // As the migration leaves it.
    const db = new Database(join(dataDir, 'cachalot.db'))
    db.exec('UPDATE descriptions SET pending = 1, created = NULL, platform = NULL')
    db.close()
    await cache.restart()
    const known = async (): Promise<number> => {
      const { items } = await apiOf(cache).get('/tags', { name: 'app', limit: 500 })
      return items.filter(({ created }) => created !== undefined).length
    }
    await eventually('all are known', async () => (await known()) === 100)
    assert.equal(await listed(cache, { sort: '-created', limit: 2 }), '1.99 1.98')
  })

  test('follows what comes and goes: an index is what is cached of it', async (t) => {
    const { hub, cache } = await startPair(t)
    const { images } = hub.addIndex('library/app', {
      tags: ['1'],
      image: { created: '2026-02-03T00:00:00Z' },
    })
    const [amd64, arm64] = images
    assert.ok(amd64 && arm64)
    const now = async () => {
      const { image } = await apiOf(cache).get('/image', { name: 'app:1' })
      return [image.created, image.platforms.join(' ')]
    }
    await cache.fetch(manifestPath('1'))
    assert.deepEqual(await now(), [undefined, ''])
    await cache.fetch(manifestPath(arm64.manifest.digest))
    assert.deepEqual(await now(), [undefined, ''])
    await cache.fetch(blobPath(arm64.config.digest))
    await assertNoParts(cache.dataDir)
    assert.deepEqual(await now(), [Date.parse('2026-02-03T00:00:00Z'), 'linux/arm64/v8'])
    await cache.fetch(manifestPath(amd64.manifest.digest))
    await cache.fetch(blobPath(amd64.config.digest))
    await assertNoParts(cache.dataDir)
    assert.deepEqual((await now())[1], 'linux/amd64 linux/arm64/v8')
    // Whatever takes a config out of the index, the image knows.
    const { digest } = amd64.config
    assert.ok(digest.startsWith('sha256:'))
    await rm(`${cache.dataDir}/blobs/sha256/${digest.slice(7, 9)}/${digest.slice(7)}`)
    await hub.stop()
    await cache.fetch(blobPath(digest), { lint: false })
    assert.deepEqual((await now())[1], 'linux/arm64/v8')
  })
})

suite('beside a repository', () => {
  test('stand those that share content with it, with how much that is', async (t) => {
    const { hub, cache } = await startPair(t)
    const [base, runtime] = [buildLayer(100 * BLOCK), buildLayer(30 * BLOCK)]
    for (const [repo, layers] of [
      ['team/app', [base, runtime, BLOCK]],
      ['team/tool', [base, runtime]],
      ['team/base', [base]],
      ['team/other', [BLOCK]],
    ] as const) {
      const image = hub.addImage(repo, { tags: ['1'], layers })
      await pullImage(cache, image, { repo, tag: '1' })
    }
    await assertNoParts(cache.dataDir)
    const told = async (name: string) => {
      const { items, total } = await apiOf(cache).get('/repositories/usage', { name })
      return [total, items.map((row) => `${row.name} ${row.bytes / BLOCK}`)]
    }
    assert.deepEqual(await told('team/app'), [2, ['docker.io/team/tool 130', 'docker.io/team/base 100']])
    assert.deepEqual(await told('team/base'), [2, ['docker.io/team/app 100', 'docker.io/team/tool 100']])
    assert.deepEqual(await told('team/other'), [0, []])
    assert.deepEqual(await told('team/none'), [0, []])
    await assert.rejects(told('team/app:1'), /one image/)
  })

  test('its requests are listed without those of others', async (t) => {
    const { hub, cache } = await startPair(t, { config: { auth: { anonymous_pull: 'all' } } })
    for (const repo of ['library/app', 'library/app-two', 'team/app']) hub.addImage(repo, { tags: ['1'] })
    for (const repo of ['library/app', 'library/app-two', 'team/app'])
      await cache.fetch(manifestPath('1', repo))
    const { items } = await apiOf(cache).get('/requests', { repository: 'docker.io/library/app' })
    assert.deepEqual(
      items.map(({ name }: RequestRow) => name),
      ['docker.io/library/app:1'],
    )
  })

  test('a tag has neighbours in the order of versions', async (t) => {
    const { hub, cache } = await startPair(t)
    const image = hub.addImage('library/app', { tags: ['1.9', '1.10', '2.0', 'latest'] })
    for (const tag of ['1.9', '1.10', '2.0', 'latest'])
      await pullImage(cache, image, { repo: 'library/app', tag })
    const beside = async (tag: string) => {
      const { before, after } = await apiOf(cache).get('/tags/beside', { name: `app:${tag}` })
      return [before, after]
    }
    assert.deepEqual(await beside('latest'), [undefined, '2.0'])
    assert.deepEqual(await beside('1.10'), ['2.0', '1.9'])
    assert.deepEqual(await beside('1.9'), ['1.10', undefined])
    assert.deepEqual(await beside('none'), [undefined, undefined])
    await assert.rejects(beside(''), /tag|stand beside/)
  })

  test('nothing is told that somebody may not pull', async (t) => {
    const { hub, cache } = await startGuarded(t, {
      auth: { anonymous_pull: 'all' },
      rule: [
        { effect: 'deny', match: ['docker.io/team/secret'], users: ['bob'] },
        { effect: 'deny', match: ['docker.io/team/open:2'], users: ['bob'] },
      ],
    })
    const base = buildLayer(BLOCK)
    for (const repo of ['team/open', 'team/secret']) {
      const image = hub.addImage(repo, { tags: ['1', '2', '3'], layers: [base] })
      for (const tag of ['1', '2', '3']) await cache.fetch(manifestPath(tag, repo), { headers: as('carol') })
      await cache.fetch(blobPath(image.config.digest, repo), { headers: as('carol') })
      await cache.fetch(blobPath(base.digest, repo), { headers: as('carol') })
    }
    await assertNoParts(cache.dataDir)
    const ask = async (name: string, path: string) => {
      const answer = await cache.fetch(`/api/v1${path}`, { headers: as(name), lint: false })
      return `${answer.status} ${answer.body.toString()}`
    }
    assert.match(await ask('carol', '/repositories/usage?name=team/open'), /secret/)
    assert.equal(await ask('bob', '/repositories/usage?name=team/open'), '200 {"items":[],"total":0}')
    assert.match(await ask('bob', '/repositories/usage?name=team/secret'), /^403/)
    assert.equal(await ask('carol', '/tags/beside?name=team/open:3'), '200 {"after":"2"}')
    assert.equal(await ask('bob', '/tags/beside?name=team/open:3'), '200 {"after":"1"}')
    assert.match(await ask('bob', '/tags/beside?name=team/open:2'), /^403/)
    assert.doesNotMatch(await ask('bob', '/requests?repository=docker.io/team/secret'), /secret/)
  })
})
