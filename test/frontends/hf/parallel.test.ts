import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestOf } from '../../../src/domain/digest.ts'
import { MIB } from '../../../src/domain/units.ts'
import { randomBytesFrom } from '../../support/fake-content.ts'
import { startHfLab } from '../../support/fake-hf-lab.ts'

/** As clients do that fetch one file over several connections. */
const SLICES = 8

test('eight slices of a cold file cost one body', async (t) => {
  const { hub, cache } = await startHfLab(t)
  const bytes = randomBytesFrom(71, 24 * MIB)
  const commit = hub.publish('models/org/model', { 'weights.bin': { large: bytes } })
  const size = bytes.length / SLICES
  const answers = await Promise.all(
    Array.from({ length: SLICES }, (_, i) =>
      cache.fetch(`/hf/org/model/resolve/${commit}/weights.bin`, {
        headers: { range: `bytes=${i * size}-${(i + 1) * size - 1}` },
      }),
    ),
  )
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([206]))
  const whole = Buffer.concat(answers.map(({ body }) => body))
  assert.equal(digestOf(whole), digestOf(bytes))
  assert.equal(hub.requests.count({ role: 'cdn', method: 'GET' }), 1)
  assert.equal(hub.requests.count({ role: 'registry', method: 'HEAD' }), 1)
})

test('files of two names with the same content that are asked for at once cost one body', async (t) => {
  const { hub, cache } = await startHfLab(t)
  const bytes = randomBytesFrom(72, 2 * MIB)
  const paths = ['models/org/model', 'models/org/fork', 'datasets/org/set'].map((repository) => {
    const commit = hub.publish(repository, { 'weights.bin': { large: bytes } })
    return `/hf/${repository.replace('models/', '')}/resolve/${commit}/weights.bin`
  })
  hub.bandwidth = 4 * MIB
  const answers = await Promise.all(paths.map((path) => cache.fetch(path)))
  for (const { status, body } of answers) assert.deepEqual([status, digestOf(body)], [200, digestOf(bytes)])
  assert.equal(hub.requests.count({ role: 'cdn', method: 'GET' }), 1)
  for (const path of paths) assert.equal((await cache.fetch(path)).headers['x-cache'], 'hit')
})

test('a client that leaves and comes back gets the rest, and so does the cache after a restart', async (t) => {
  const { hub, cache } = await startHfLab(t, { config: { cache: { finish_abandoned: '0' } } })
  const bytes = randomBytesFrom(73, 12 * MIB)
  const commit = hub.publish('models/org/model', { 'weights.bin': { large: bytes } })
  const path = `/hf/org/model/resolve/${commit}/weights.bin`
  hub.bandwidth = 8 * MIB
  const first = await cache.open(path)
  const start = await first.read(MIB)
  first.destroy()
  await cache.restart()
  const before = hub.requests.bytes({ role: 'cdn' })
  assert.ok(before >= MIB)
  const rest = await cache.fetch(path, { headers: { range: `bytes=${start.length}-` } })
  assert.equal(rest.status, 206)
  assert.equal(digestOf(Buffer.concat([start, rest.body])), digestOf(bytes))
  const [, again] = hub.requests.list({ role: 'cdn' })
  assert.match(String(again?.range), /^bytes=[1-9]\d*-$/)
})
