import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { MINUTE } from '../../src/domain/clock.ts'
import { blobPath, eventually } from '../e2e/support.ts'
import { startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import type { FakeUpstream } from '../support/fake-upstream.ts'
import { tempDir } from '../support/temp.ts'
import { costOf, listOf, rowsOf, runAll, runOne } from './prefetch-support.ts'
import { apiOf, du, pullImage } from './support.ts'

function addAll(hub: FakeUpstream, names: readonly string[], layers: readonly number[] = [20_000]): void {
  for (const name of names) hub.addImage(`library/${name}`, { tags: ['1'], layers: [...layers] })
}

suite('what a list names', () => {
  test('the newest tags that a glob matches, by their versions; their list costs no pull', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, {
      clock,
      ...listOf(['alpine:3*', 'alpine:3.20'], { newest: '3' }),
      fake: { rateLimit: { limit: 100, remaining: 100, window: 21_600 }, pageSize: 2 },
    })
    const tags = ['3.9', '3.20', '3.20.1', '3.21-rc1', '2.7', 'latest', '3.3']
    for (const tag of tags) hub.addImage('library/alpine', { tags: [tag] })
    const dry = await runOne(cache, true)
    assert.deepEqual(rowsOf(dry), ['due alpine:3.20.1', 'due alpine:3.20', 'due alpine:3.9'])
    assert.equal(hub.rateLimit?.remaining, 100)
    assert.equal((await runOne(cache)).fetched, 3)
    hub.addImage('library/alpine', { tags: ['3.22'] })
    clock.advance(2 * MINUTE)
    assert.deepEqual(rowsOf(await runOne(cache)), ['fetched alpine:3.22'])
  })

  test('early versions come last, unless the glob names them', async (t) => {
    const { hub, cache } = await startPair(t, listOf(['app:3*', 'other:*-rc*'], { newest: '2' }))
    const tags = ['3.22.0', '3.23.0-rc1', '3.23-beta2', '3.21.0', '3.24.0b1']
    for (const name of ['app', 'other'])
      for (const tag of tags) hub.addImage(`library/${name}`, { tags: [tag] })
    assert.deepEqual(rowsOf(await runOne(cache, true)), [
      'due app:3.22.0',
      'due app:3.21.0',
      'due other:3.23.0-rc1',
    ])
    await cache.reload(listOf(['app:3.23-beta*', 'app:3.24.0b?', 'app:3.2*'], { newest: '3' }))
    assert.deepEqual(rowsOf(await runOne(cache, true)), [
      'due app:3.23-beta2',
      'due app:3.24.0b1',
      'due app:3.22.0',
      'due app:3.21.0',
    ])
  })

  test('lines of a file, read anew at every run; comments and blank lines are none', async (t) => {
    const folder = await tempDir(t)
    const file = join(folder, 'images.txt')
    await writeFile(file, '# ours\n\n  a:1   # needed\r\n')
    const { hub, cache } = await startPair(t, listOf([], { file }))
    addAll(hub, ['a', 'b'])
    assert.deepEqual(rowsOf(await runOne(cache)), ['fetched a:1'])
    await writeFile(file, 'a:1\nb:1\nb:1\nB ad\n')
    assert.deepEqual(rowsOf(await runOne(cache)), ['failed B ad', 'fetched b:1'])
    await rm(file)
    const report = await runOne(cache)
    assert.deepEqual([report.failed, report.images[0]?.why?.message], [1, `${file} does not exist`])
  })

  test('a bad name among good ones fails alone, with what is wrong with it', async (t) => {
    const { hub, cache } = await startPair(t, listOf(['a:1', 'gone:1', 'a:0*', 'b:1', 'windows:1', 'c:1']))
    addAll(hub, ['a', 'b', 'c'])
    hub.addIndex('library/windows', { tags: ['1'], platforms: ['windows/amd64'] })
    hub.faults.add({ when: { kind: 'blob', repo: 'library/b' }, fault: { corruptAt: 3 } })
    const report = await runOne(cache)
    const why = Object.fromEntries(report.images.map(({ name, why }) => [name.slice(-5), why?.code]))
    assert.deepEqual(why, {
      'a:0*': 'manifest_unknown',
      'one:1': 'manifest_unknown',
      'y/a:1': undefined,
      'y/b:1': 'upstream_invalid',
      'ows:1': 'manifest_unknown',
      'y/c:1': undefined,
    })
    assert.equal(report.images.find(({ name }) => name.endsWith('windows:1'))?.why?.reason, 'no_platform')
    assert.deepEqual([report.fetched, report.failed], [2, 4])
    const { items } = await apiOf(cache).get('/jobs', { limit: 1 })
    assert.deepEqual(
      [items[0]?.job, items[0]?.subject, items[0]?.error],
      ['prefetch', 'base images', undefined],
    )
  })

  test('what rules keep from the cache is not fetched for it', async (t) => {
    const { hub, cache } = await startPair(t, {
      config: {
        ...listOf(['a:1', 'secret:1', 'big:1']).config,
        rule: [
          { effect: 'deny', match: ['docker.io/library/secret'] },
          { effect: 'deny', match: ['docker.io/library/big'], actions: ['store'] },
        ],
      },
    })
    addAll(hub, ['a', 'secret', 'big'])
    const report = await runOne(cache)
    assert.deepEqual(rowsOf(report), ['failed secret:1', 'failed big:1', 'fetched a:1'])
    assert.equal(
      hub.requests.count({ repo: 'library/secret' }) + hub.requests.count({ repo: 'library/big' }),
      0,
    )
  })

  test('rules that name users bind lists as the user "local"', async (t) => {
    const closed = { effect: 'deny', match: ['**'] }
    const { hub, cache } = await startPair(t, {
      config: {
        ...listOf(['a:1']).config,
        rule: [{ effect: 'allow', match: ['docker.io/library/**'], users: ['alice'] }, closed],
      },
    })
    addAll(hub, ['a'])
    assert.deepEqual(rowsOf(await runOne(cache)), ['failed a:1'])
    await cache.reload({
      config: {
        rule: [{ effect: 'allow', match: ['docker.io/library/**'], users: ['alice', 'local'] }, closed],
      },
    })
    assert.deepEqual(rowsOf(await runOne(cache)), ['fetched a:1'])
  })

  test('an upstream that is down fails its images; what is here of them stays, and the next run has them', async (t) => {
    const { hub, cache } = await startPair(t, listOf(['a:1', 'b:1']))
    addAll(hub, ['a', 'b'])
    await hub.stop()
    const report = await runOne(cache)
    assert.deepEqual(
      report.images.map(({ state, why }) => [state, why?.code]),
      [
        ['failed', 'upstream_unreachable'],
        ['failed', 'upstream_unreachable'],
      ],
    )
    await hub.start()
    await eventually('the breaker lets it try again', async () => (await runOne(cache)).failed === 0, 30_000)
    assert.equal((await runOne(cache)).unchanged, 2)
  })
})

suite('room', () => {
  test('a list that does not fit stops before it evicts itself, and says so', async (t) => {
    const { hub, cache } = await startPair(t, {
      config: {
        ...listOf(['a:1', 'b:1', 'c:1', 'd:1', 'e:1']).config,
        storage: { max_size: '2MB', evict_to: '90%' },
      },
    })
    addAll(hub, ['a', 'b', 'c', 'd', 'e'], [280_000])
    const report = await runOne(cache)
    assert.deepEqual(rowsOf(report), ['fetched a:1', 'fetched b:1', 'fetched c:1', 'left d:1', 'left e:1'])
    assert.match(
      report.images[3]?.why?.message ?? '',
      /this takes .* and of the .* that lists may hold .* are left/,
    )
    assert.ok((await du(cache.dataDir)) <= 2_000_000)
    hub.requests.clear()
    const again = await runOne(cache)
    assert.deepEqual([again.unchanged, again.left, again.bytes], [3, 2, 0])
    assert.equal(costOf(hub).blobs, 0)
  })

  test('clients lose nothing that they use to a list that does not fit', async (t) => {
    const { hub, cache } = await startPair(t, {
      config: { ...listOf(['a:1', 'b:1', 'c:1']).config, storage: { max_size: '2MB', evict_to: '90%' } },
    })
    addAll(hub, ['a', 'b', 'c'], [400_000])
    const used = hub.addImage('library/used', { tags: ['1'], layers: [50_000] })
    await pullImage(cache, used, { repo: 'library/used', tag: '1' })
    for (let run = 0; run < 3; run++) await runOne(cache)
    const report = await runOne(cache)
    assert.deepEqual([report.unchanged, report.left], [2, 1])
    await hub.stop()
    await pullImage(cache, used, { repo: 'library/used', tag: '1' })
    for (const { digest, size } of used.layers) {
      const answer = await cache.fetch(blobPath(digest, 'library/used'))
      assert.deepEqual([answer.headers['x-cache'], answer.body.length], ['hit', size])
    }
  })

  test('what other lists hold counts, and so does the budget of an upstream; a giant holds up nobody', async (t) => {
    const lists = [
      { name: 'one', refs: ['a:1'], platforms: ['linux/amd64'] },
      { name: 'two', refs: ['giant:1', 'b:1', 'c:1'], platforms: ['linux/amd64'] },
    ]
    const { hub, cache } = await startPair(t, {
      config: { prefetch: lists, storage: { max_size: '2MB', evict_to: '90%' } },
    })
    addAll(hub, ['a', 'b', 'c'], [400_000])
    addAll(hub, ['giant'], [950_000])
    const reports = await runAll(cache)
    assert.deepEqual(reports.map(rowsOf), [['fetched a:1'], ['left giant:1', 'fetched b:1', 'left c:1']])
    const [upstream] = reports[1]?.holds ?? []
    assert.equal(upstream?.upstream, 'docker.io')
    assert.ok((upstream?.bytes ?? 0) >= 400_000)
    await cache.reload({
      config: { storage: { max_size: '100MB' } },
      upstreams: [{ name: 'docker.io', url: hub.url, max_size: '2MB' }],
    })
    const [report] = await runAll(cache, { names: ['TWO'] })
    assert.deepEqual(report === undefined ? [] : [report.unchanged, report.left], [1, 2])
  })
})
