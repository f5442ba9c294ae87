import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Stats } from '../../src/api/contract.ts'
import type { ActivityApi, Live, Overview, RequestRow } from '../../src/api/contract-activity.ts'
import { HOUR } from '../../src/domain/clock.ts'
import { missing } from '../clients/process.ts'
import { eventually } from '../e2e/support.ts'
import { get as fetchPath, fill, MODULE, settled, startFileLab } from '../jobs/file-support.ts'
import { apiOf, du } from '../jobs/support.ts'
import { as, startGuarded } from '../security/access-support.ts'
import { fakeClock } from '../support/clock.ts'
import { startFakeGo } from '../support/fake-go.ts'
import { get } from './live-support.ts'

const skip = missing('git')

suite('sums of files', () => {
  test('by protocol, with budgets and traffic, mirrors among them', { skip }, async (t) => {
    const clock = fakeClock()
    const lab = await startFileLab(t, { clock, config: { go: { max_size: '5MiB' } } })
    await fill(lab)
    const { disk, files, repositories, tags, traffic } = await apiOf(lab.cache).get('/stats', {})
    assert.deepEqual(
      disk.upstreams.map((row) => [row.upstream, row.files, row.budget]),
      [
        ['git', 1, 0],
        ['github', 2, 0],
        ['go', 1, 5 * 1024 * 1024],
        ['hf', 2, 0],
      ],
    )
    assert.deepEqual([files, repositories, tags], [6, 0, 0])
    const { items: kinds } = await apiOf(lab.cache).get('/files/kinds', {})
    const bytes = disk.upstreams.reduce((sum, row) => sum + row.bytes, 0)
    assert.equal(bytes, disk.used)
    assert.equal(disk.used, await du(lab.cache.dataDir))
    for (const { upstream, bytes: all } of disk.upstreams)
      assert.ok(all >= (kinds.find(({ kind }) => kind === upstream)?.bytes ?? Infinity), upstream)
    assert.deepEqual(
      traffic.filter(({ requests }) => requests > 0).map(({ frontEnd }) => frontEnd),
      ['github', 'go', 'hf'],
    )
  })

  test('what is served most, idle longest and biggest is told of images and files together', {
    skip,
  }, async (t) => {
    const clock = fakeClock()
    const lab = await startFileLab(t, { clock })
    const names = await fill(lab)
    clock.advance(HOUR)
    for (let i = 0; i < 3; i++) await fetchPath(lab, `/go/${MODULE}/@v/v1.0.0.zip`)
    await settled(lab)
    // Numbers of a moment ago are told until those of now are made.
    const overview = () => apiOf(lab.cache).get('/overview', {})
    await eventually('uses are told', async () => (await overview()).mostServed[0]?.pulls === 4)
    const { kinds, mostServed, biggest, longestIdle } = await overview()
    assert.deepEqual(mostServed[0], { name: names.version, pulls: 4 })
    assert.ok(biggest.length === 5 && longestIdle.length === 5)
    assert.equal(biggest[0]?.name, names.weights)
    assert.ok(!longestIdle.some(({ name }) => name === names.version))
    const counts = Object.fromEntries(kinds.map(({ kind, count }) => [kind, count]))
    assert.deepEqual(counts, { git: 1, github: 2, go: 1, hf: 2 })
  })

  test('hosts are told as they are, without being asked', async (t) => {
    const lab = await startFileLab(t, { config: { cache: { negative_ttl: '0' } } })
    const list = async () => (await apiOf(lab.cache).get('/upstreams', {})).hosts
    const before = await list()
    assert.deepEqual(lab.go.requests, [])
    const kinds = [...new Set(before.map(({ frontEnd }) => frontEnd))]
    assert.deepEqual(kinds, ['go', 'github', 'hf', 'git'])
    assert.ok(
      before.every(({ health, p50, lastError }) => health === 'unknown' && p50 === undefined && !lastError),
    )
    await fill(lab, { withMirror: false })
    const host = new URL(lab.go.url).host
    const hostOf = async () => (await list()).find(({ name, url }) => name === host || url === lab.go.url)
    assert.equal((await hostOf())?.health, 'ok')
    assert.ok((await hostOf())?.p50 !== undefined)
    lab.go.state = 'down'
    let asked = 0
    await eventually('it is down', async () => {
      await lab.cache.fetch(`/go/${MODULE}/@v/v1.0.${++asked}.zip`, { lint: false })
      return (await hostOf())?.health === 'down'
    })
    assert.ok((await hostOf())?.lastError?.text)
    await lab.hf.stop()
  })
})

suite('users whom rules hide something from', () => {
  test('are told nothing of those files: not in lists, requests, sums or what is under way', async (t) => {
    const go = await startFakeGo(t)
    const [open, secret] = ['example.com/open', 'example.com/secret']
    for (const module of [open, secret]) go.publish({ module, version: 'v1.0.0' })
    const { ask, cache } = await startGuarded(t, {
      auth: { anonymous_pull: 'all' },
      rule: [{ effect: 'deny', match: [`go:${secret}`], users: ['bob'] }],
    })
    await cache.reload({ config: { go: { sumdb: [], upstream: [{ url: go.url, name: 'modules' }] } } })
    for (const module of [open, secret])
      for (const ending of ['info', 'zip'])
        assert.equal((await ask(`/go/${module}/@v/v1.0.0.${ending}`, as('carol'))).status, 200)
    type Requests = ActivityApi['GET /requests']['out']
    const seen = async (who: string): Promise<string> => {
      const overview = await get<Overview>(cache, '/overview', as(who))
      const stats = await get<Stats>(cache, '/stats', as(who))
      const { items }: { items: readonly RequestRow[] } = await get<Requests>(cache, '/requests', as(who))
      const live = await get<Live>(cache, '/live', as(who))
      const { mostServed, biggest, longestIdle, kinds } = overview
      return JSON.stringify([
        mostServed,
        biggest,
        longestIdle,
        kinds,
        stats.files,
        stats.disk.upstreams,
        items,
        live,
      ])
    }
    const all = await seen('carol')
    assert.ok(all.includes(`go:${open}@v1.0.0`) && all.includes(`go:${secret}@v1.0.0`))
    const own = await seen('bob')
    assert.ok(own.includes(`go:${open}@v1.0.0`) && own.includes(`go:${open}/@v/v1.0.0.zip`), own)
    assert.ok(!own.includes('secret'), own)
    assert.match(own, /\[\],0,\[\]/)
  })
})
