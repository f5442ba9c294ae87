import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { parentIn } from '../../src/traces/parent.ts'
import { addBlob, assertWhole, blobPath, eventually, KIB, manifestPath } from '../e2e/support.ts'
import { startPair } from '../support/cachalot.ts'
import { startCollector } from './collector.ts'

const CALLER = { trace: '0af7651916cd43dd8448eb211c80319c', span: 'b7ad6b7169203331' }

test('a request is one trace with what was asked of upstreams for it; nothing of it tells secrets', async (t) => {
  const collector = await startCollector(t)
  const { hub, cache } = await startPair(t, { config: { traces: { endpoint: collector.url } } })
  const blob = addBlob(hub, 100 * KIB)
  const traceparent = `00-${CALLER.trace}-${CALLER.span}-00`
  assertWhole(await cache.fetch(blobPath(blob.digest), { headers: { traceparent } }), blob)
  assertWhole(await cache.fetch(blobPath(blob.digest)), blob)
  assert.equal((await cache.fetch('/v2/library/app/manifests/none')).status, 404)
  await cache.close()
  const { spans } = collector
  const answers = spans.filter(({ kind }) => kind === 2)
  const outcomes = answers.map(({ name, attributes }) => [name, attributes['cachalot.outcome']])
  assert.deepEqual(outcomes.slice(0, 2), [
    ['GET blob', 'miss'],
    ['GET blob', 'hit'],
  ])
  const [miss, hit, none] = answers
  assert.ok(miss && hit && none)
  assert.deepEqual([miss.traceId, miss.parentSpanId], [CALLER.trace, CALLER.span])
  assert.notEqual(hit.traceId, CALLER.trace)
  assert.equal(miss.attributes['cachalot.bytes'], blob.size)
  assert.equal(miss.attributes['cachalot.upstream'], 'docker.io')
  assert.deepEqual(
    [none.attributes['http.response.status_code'], none.attributes['error.type'], none.status],
    [404, 'manifest_unknown', 0],
  )
  const calls = spans.filter(({ kind }) => kind === 3)
  const below = calls.filter(({ parentSpanId }) => parentSpanId === miss.spanId)
  assert.ok(below.length > 0)
  assert.ok(below.every(({ traceId }) => traceId === CALLER.trace))
  assert.equal(below.at(-1)?.attributes['http.response.status_code'], 200)
  assert.equal(calls.filter(({ parentSpanId }) => parentSpanId === hit.spanId).length, 0)
  assert.doesNotMatch(JSON.stringify(spans), /\?|signature|bearer|authorization/i)
  assert.equal(collector.resource['service.name'], 'cachalot')
})

test('a client decides neither whether it is looked at nor how much is written down', async (t) => {
  const collector = await startCollector(t)
  const { hub, cache } = await startPair(t, {
    config: { traces: { endpoint: collector.url, sample: '0.001%' } },
  })
  const blob = addBlob(hub, KIB)
  const headers = { traceparent: `00-${'0'.repeat(31)}1-${CALLER.span}-01` }
  for (let times = 0; times < 50; times++) await cache.fetch(blobPath(blob.digest), { headers })
  assert.ok(collector.spans.length < 50)
  await cache.reload({ config: { traces: { endpoint: `${collector.url}/v1/traces`, sample: '100%' } } })
  await eventually('it is traced', async () => {
    await cache.fetch(blobPath(blob.digest), { headers: { 'user-agent': 'x'.repeat(5000) } })
    await cache.reload({ config: { traces: { endpoint: collector.url, sample: '99%' } } })
    return collector.spans.some(({ attributes }) =>
      String(attributes['user_agent.original']).startsWith('xxx'),
    )
  })
  await cache.close()
  const agents = collector.spans.map(({ attributes }) => String(attributes['user_agent.original'] ?? ''))
  assert.ok(collector.spans.length < 50)
  assert.equal(Math.max(...agents.map(({ length }) => length)), 256)
})

test('the token that a pull needs is part of its trace', async (t) => {
  const collector = await startCollector(t)
  const { hub, cache } = await startPair(t, {
    fake: { auth: 'bearer' },
    config: { traces: { endpoint: collector.url } },
  })
  hub.addImage('library/app', { tags: ['1'] })
  assert.equal((await cache.fetch(manifestPath('1'))).status, 200)
  await cache.close()
  const calls = collector.spans.filter(({ kind }) => kind === 3).map(({ attributes }) => attributes)
  const paths = calls.map((one) => `${String(one['http.response.status_code'])} ${String(one['url.path'])}`)
  assert.deepEqual(
    paths.map((path) => path.replace(/ \/v2\/.*/, ' manifest')).toSorted(),
    ['200 /token', '200 manifest', '401 manifest'].toSorted(),
  )
})

test('other settings are taken into use while it runs: on, another share, off', async (t) => {
  const collector = await startCollector(t)
  const { hub, cache } = await startPair(t)
  hub.addImage('library/app', { tags: ['1'] })
  const ask = async () => assert.equal((await cache.fetch(manifestPath('1'))).status, 200)
  const turn = async (traces: object) => await cache.reload({ config: { traces: { ...traces } } })
  await ask()
  await turn({ endpoint: `${collector.url}/v1/traces` })
  await eventually('requests are traced', async () => {
    await ask()
    await turn({ endpoint: `${collector.url}/v1/traces`, sample: '99%' })
    return collector.spans.length > 0
  })
  await turn({ endpoint: collector.url, sample: '0%' })
  await cache.fetch('/v2/')
  const before = collector.spans.length
  for (let times = 0; times < 20; times++) await ask()
  await turn({ endpoint: '' })
  await ask()
  await cache.close()
  assert.ok(collector.spans.length - before <= 1)
})

test('a collector that is away costs neither answers nor an orderly stop, and is named once', async (t) => {
  const { hub, cache } = await startPair(t, { config: { traces: { endpoint: 'http://127.0.0.1:9' } } })
  hub.addImage('library/app', { tags: ['1'] })
  for (let times = 0; times < 5; times++) assert.equal((await cache.fetch(manifestPath('1'))).status, 200)
  await cache.close()
  const warnings = cache.log.entries.filter(({ fields }) => fields.event === 'traces')
  assert.ok(warnings.length <= 1)
})

test('only well-formed parents are taken', () => {
  const good = `00-${CALLER.trace}-${CALLER.span}-01`
  assert.deepEqual(parentIn({ traceparent: good })?.spanId, CALLER.span)
  for (const bad of [
    '',
    good.toUpperCase(),
    good.replace('00-', 'ff-'),
    good.replace(CALLER.trace, '0'.repeat(32)),
    good.replace(CALLER.span, '0'.repeat(16)),
    `${good}-${'x'.repeat(500)}`,
    good.slice(1),
  ])
    assert.equal(parentIn({ traceparent: bad }), undefined, bad)
  assert.equal(parentIn({ traceparent: [good, good] }), undefined)
})

test('without an endpoint nothing of the libraries is loaded', () => {
  const code = `
    const { createTraces } = await import('./src/traces/traces.ts')
    await import('./src/app.ts')
    const { SILENT } = await import('./src/domain/log.ts')
    const traces = createTraces({ version: '0', log: SILENT })
    await traces.update({ endpoint: undefined, sample: 1 })
    const { registerHooks } = await import('node:module')
    const seen = []
    registerHooks({ resolve: (name, context, next) => (seen.push(name), next(name, context)) })
    traces.follow(() => {})
    console.log(JSON.stringify([seen, typeof traces.asking({ upstream: 'a', method: 'GET', host: 'b', path: '/' })]))
    await traces.update({ endpoint: 'http://127.0.0.1:9/v1/traces', sample: 1 })
    console.log(seen.some((name) => name.startsWith('@opentelemetry/')))
    process.exit()`
  const args = ['--input-type=module', '--eval', code]
  const lines = execFileSync(process.execPath, args, { encoding: 'utf8' }).trim().split('\n')
  assert.deepEqual(lines, ['[[],"undefined"]', 'true'])
})
