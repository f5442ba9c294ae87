import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { ClientRow, Live, RequestRow, UpstreamRow } from '../../src/api/contract-activity.ts'
import { addBlob, blobPath, eventually, MIB, manifestPath } from '../e2e/support.ts'
import { pullImage } from '../jobs/support.ts'
import { addKey, as, startGuarded } from '../security/access-support.ts'
import { startPair } from '../support/cachalot.ts'
import { get } from './live-support.ts'

const DOCKER = { 'user-agent': 'docker/29.1.3 go/go1.25 containerd-client/2.2.0' }
const PODMAN = { 'user-agent': 'containers/5.30.0 (github.com/containers/image)' }

interface Requests {
  readonly items: readonly RequestRow[]
  readonly nextCursor?: string
}

suite('live pulls', () => {
  test('show what is under way, for each client as it comes', async (t) => {
    const { hub, cache } = await startPair(t)
    const image = hub.addImage('library/app', { tags: ['1'], layers: [100_000] })
    const big = addBlob(hub, 8 * MIB)
    hub.faults.add({ when: { kind: 'blob', ref: big.digest }, fault: { hang: { afterBytes: 3 * MIB } } })
    await cache.fetch(manifestPath('1'), { headers: DOCKER })
    await cache.fetch(blobPath(image.layers[0]?.digest ?? assert.fail()), { headers: DOCKER })
    const one = await cache.open(blobPath(big.digest), { headers: DOCKER })
    const other = await cache.open(blobPath(big.digest), { headers: PODMAN })
    await one.read(2 * MIB)
    let live: Live = { pulls: [], flights: [] }
    await eventually('all three MiB came in', async () => {
      live = await get<Live>(cache, '/live')
      return (live.flights[0]?.done ?? 0) >= 3 * MIB
    })
    const [flight, ...more] = live.flights
    assert.deepEqual([flight?.digest, flight?.size, flight?.readers, more], [big.digest, 8 * MIB, 2, []])
    assert.equal(flight?.name, `docker.io/library/app@${big.digest}`)
    const docker = live.pulls.find(({ agent }) => agent === 'docker 29.1.3') ?? assert.fail()
    assert.deepEqual(
      [docker.name, docker.client, docker.endedAt],
      ['docker.io/library/app:1', '127.0.0.1', undefined],
    )
    assert.deepEqual(
      docker.layers.map(({ size, state }) => [size, state]),
      [
        [100_000, 'done'],
        [8 * MIB, 'fetching'],
      ],
    )
    assert.ok((docker.layers[1]?.done ?? 0) >= 2 * MIB)
    const podman = live.pulls.find(({ agent }) => agent === 'containers/image 5.30.0') ?? assert.fail()
    assert.deepEqual([podman.layers.length, podman.layers[0]?.state], [1, 'joined'])
    one.destroy()
    other.destroy()
    await eventually('who left has failed', async () => {
      live = await get<Live>(cache, '/live')
      return live.pulls.every(({ layers }) => layers.at(-1)?.state === 'failed')
    })
  })

  test('a warm pull is all hits', async (t) => {
    const { hub, cache } = await startPair(t)
    const image = hub.addImage('library/app', { tags: ['1'], layers: [5000, 900_000] })
    await pullImage(cache, image, { repo: 'library/app', tag: '1' })
    await cache.fetch(manifestPath('1'), { headers: DOCKER })
    for (const { digest } of image.layers) await cache.fetch(blobPath(digest), { headers: DOCKER })
    const { pulls } = await get<Live>(cache, '/live')
    const warm = pulls.find(({ agent }) => agent === 'docker 29.1.3')
    assert.deepEqual(
      warm?.layers.map(({ size, done, state }) => [size, done, state]),
      [
        [5000, 5000, 'hit'],
        [900_000, 900_000, 'hit'],
      ],
    )
  })
})

suite('requests and clients', () => {
  test('are listed, filtered and paged', async (t) => {
    const { hub, cache } = await startPair(t)
    hub.addImage('library/app', { tags: ['1'] })
    await cache.fetch(manifestPath('1'), { headers: DOCKER })
    await cache.fetch(manifestPath('1'), { headers: PODMAN })
    await cache.fetch(manifestPath('2'), { headers: PODMAN })
    const list = (query: string) => get<Requests>(cache, `/requests${query}`)
    const { items } = await list('')
    assert.deepEqual(
      items.map(({ name, status, outcome, agent }) => [name, status, outcome, agent]),
      [
        ['docker.io/library/app:2', 404, undefined, 'containers/image 5.30.0'],
        ['docker.io/library/app:1', 200, 'hit', 'containers/image 5.30.0'],
        ['docker.io/library/app:1', 200, 'miss', 'docker 29.1.3'],
      ],
    )
    assert.equal(items[0]?.error, 'manifest_unknown')
    assert.ok((items[2]?.bytes ?? 0) > 0)
    for (const [query, count] of [
      ['?outcome=hit', 1],
      ['?outcome=none', 1],
      ['?status=4xx', 1],
      ['?status=404', 1],
      ['?status=5xx', 0],
      ['?q=APP:1', 2],
      ['?q=127.0.0.1&status=200', 2],
    ] as const)
      assert.equal((await list(query)).items.length, count, query)
    const first = await list('?limit=2')
    const second = await list(`?limit=2&cursor=${first.nextCursor}`)
    assert.deepEqual([first.items.length, second.items.length, second.nextCursor], [2, 1, undefined])
    for (const query of ['?status=9xx', '?outcome=luck', '?limit=0', '?what=1'])
      await get(cache, `/requests${query}`, {}, 400)
    const clients = await get<{ items: ClientRow[] }>(cache, '/clients')
    assert.deepEqual(
      clients.items.map(({ kind, requests, lastName, lastStatus }) => [kind, requests, lastName, lastStatus]),
      [
        ['podman', 2, 'docker.io/library/app:2', 404],
        ['docker', 1, 'docker.io/library/app:1', 200],
      ],
    )
  })

  test('hold no pull key and no control character, wherever somebody put them', async (t) => {
    const { hub, cache } = await startPair(t, { config: { auth: { anonymous_pull: 'all' } } })
    hub.addImage('library/app', { tags: ['1'] })
    const key = await addKey(cache, 'nas')
    await cache.fetch(`/k/${key}${manifestPath('1')}`, { lint: false })
    await cache.fetch(`/v2/${key}/app/manifests/1`, { lint: false })
    await cache.fetch(manifestPath('1'), { headers: { 'user-agent': `tool/1 (${key})\tx` } })
    await cache.fetch(`/v2/lib%2frary/${key}x/manifests/1`, { lint: false })
    for (const path of ['/requests', '/live', '/clients']) {
      const text = JSON.stringify(await get(cache, path))
      assert.ok(!text.includes(key), path)
      assert.doesNotMatch(text, /\\t|\\u00/)
    }
    const { items } = await get<Requests>(cache, '/requests')
    assert.ok(items.some(({ who }) => who === 'key:nas'))
  })

  test('users see what they may pull and nothing else; operators see all', async (t) => {
    const scene = await startGuarded(t, {
      auth: { anonymous_pull: 'all' },
      rule: [{ effect: 'deny', match: ['docker.io/library/hidden'], users: ['bob'] }],
    })
    const { hub, cache } = scene
    const shown = hub.addImage('library/app', { tags: ['1'] })
    const hidden = hub.addImage('library/hidden', { tags: ['1'] })
    await pullImage(cache, shown, { repo: 'library/app', tag: '1' })
    await pullImage(cache, hidden, { repo: 'library/hidden', tag: '1' })
    await cache.fetch('/v2/library/hidden/manifests/', { lint: false })
    const waiting = addBlob(hub, MIB, 'library/hidden')
    hub.faults.add({ when: { kind: 'blob', ref: waiting.digest }, fault: { hang: { afterBytes: 1000 } } })
    const stream = await cache.open(blobPath(waiting.digest, 'library/hidden'))
    for (const path of ['/live', '/requests', '/overview']) {
      const text = JSON.stringify(await get(cache, path, as('bob')))
      assert.doesNotMatch(text, /hidden/, path)
      assert.match(text, /library\/app/, path)
      assert.match(JSON.stringify(await get(cache, path, as('carol'))), /hidden/, path)
    }
    const { items } = await get<{ items: UpstreamRow[] }>(cache, '/upstreams', as('bob'))
    assert.deepEqual([items[0]?.requests, items[0]?.bytes, items[0]?.url], [0, 0, ''])
    const live = await get<Live>(cache, '/live', as('bob'))
    assert.deepEqual([live.pulls.length, live.flights.length], [1, 0])
    assert.equal((await get<Live>(cache, '/live', as('carol'))).flights.length, 1)
    await get(cache, '/clients', as('bob'), 403)
    stream.destroy()
  })
})
