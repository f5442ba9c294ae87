import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Cachalot, startPair } from '../support/cachalot.ts'
import type { LogEntry } from '../support/collector-log.ts'
import type { Fetched } from '../support/http.ts'
import { request, sendRaw } from './raw.ts'

/** The line about this answer. The answer may be here before its line is. */
async function lineOf(cache: Cachalot, { headers }: Pick<Fetched, 'headers'>): Promise<LogEntry> {
  const id = headers['x-request-id']
  for (let tries = 0; tries < 500; tries++) {
    const line = cache.log.find(/^request$/).find(({ fields }) => fields['request'] === id)
    if (line !== undefined) return line
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return assert.fail(`no line about ${String(id)}`)
}

describe('the line about a request', () => {
  test('says who asked for what, how it came about, how much and how long', async (t) => {
    const { hub, cache } = await startPair(t)
    const { manifest, config } = hub.addImage('library/app', { tags: ['1'] })
    const names = {
      '/v2/app/manifests/1': ['docker.io/library/app:1', manifest.size],
      [`/v2/hub/app/manifests/${manifest.digest}`]: [
        `docker.io/library/app@${manifest.digest}`,
        manifest.size,
      ],
      [`/v2/app/blobs/${config.digest}?ns=docker.io`]: [
        `docker.io/library/app@${config.digest}`,
        config.size,
      ],
      '/docker.io/v2/app/tags/list': ['docker.io/library/app', undefined],
    } as const
    for (const [path, [name, size]] of Object.entries(names)) {
      for (const method of ['GET', 'GET', 'HEAD']) {
        const answer = await cache.fetch(path, { method, headers: { 'user-agent': 'test/1.0' } })
        const { level, fields } = await lineOf(cache, answer)
        assert.equal(level, 'info')
        const { request: id, client, agent, status, bytes, ms, outcome } = fields
        assert.equal(fields['name'], name)
        assert.equal(fields['method'], method)
        assert.deepEqual(
          [id, client, agent, status],
          [answer.headers['x-request-id'], '127.0.0.1', 'test/1.0', 200],
        )
        assert.equal(outcome, answer.headers['x-cache'])
        assert.equal(bytes, method === 'HEAD' ? 0 : (size ?? answer.body.length))
        assert.ok(typeof ms === 'number' && ms >= 0 && ms < 60_000)
        assert.equal(fields['error'], undefined)
      }
    }
  })

  test('says what went wrong, at the level of the error', async (t) => {
    const { hub, cache } = await startPair(t)
    const unknown = await lineOf(cache, await cache.fetch('/v2/app/manifests/none'))
    assert.deepEqual(
      [unknown.level, unknown.fields['error'], unknown.fields['status']],
      ['info', 'manifest_unknown', 404],
    )
    assert.equal(unknown.fields['name'], 'docker.io/library/app:none')
    const malformed = await lineOf(cache, await cache.fetch('/v2/App/manifests/1'))
    assert.deepEqual(
      [malformed.fields['error'], malformed.fields['name']],
      ['name_invalid', '/v2/App/manifests/1'],
    )
    await hub.stop()
    const away = await lineOf(cache, await cache.fetch('/v2/app/manifests/1'))
    assert.deepEqual(
      [away.level, away.fields['error'], away.fields['cut']],
      ['warn', 'upstream_unreachable', false],
    )
  })

  test('says that an answer was cut, and after how many bytes', async (t) => {
    const { hub, cache } = await startPair(t)
    const { digest } = hub.addBlob('library/app', { seed: 3, size: 600_000 })
    hub.faults.add({ fault: { corruptAt: 10 } })
    const answer = await cache.fetch(`/v2/app/blobs/${digest}`)
    assert.equal(answer.complete, false)
    const { fields, level } = await lineOf(cache, answer)
    assert.deepEqual([level, fields['error'], fields['cut']], ['error', 'upstream_invalid', true])
    assert.ok(Number(fields['bytes']) < 600_000)
  })

  test('is written when the client leaves in the middle, with what it took', async (t) => {
    const { hub, cache } = await startPair(t)
    const { digest } = hub.addBlob('library/app', { seed: 4, size: 20_000_000 })
    hub.bandwidth = 2_000_000
    const stream = await cache.open(`/v2/app/blobs/${digest}`)
    await stream.read(1000)
    stream.destroy()
    const { level, fields } = await lineOf(cache, stream)
    assert.equal(level, 'info')
    assert.ok(Number(fields['bytes']) < 20_000_000)
  })

  test('has ids that never repeat, and names the client behind a trusted proxy', async (t) => {
    const { cache } = await startPair(t, { config: { server: { trusted_proxies: ['127.0.0.1'] } } })
    const headers = { 'x-forwarded-for': '10.20.30.40' }
    const answers = await Promise.all(Array.from({ length: 20 }, () => cache.fetch('/v2/', { headers })))
    assert.equal(new Set(answers.map((answer) => answer.headers['x-request-id'])).size, 20)
    for (const answer of answers) assert.equal((await lineOf(cache, answer)).fields['client'], '10.20.30.40')
    await cache.restart()
    const again = await cache.fetch('/v2/')
    assert.ok(answers.every((answer) => answer.headers['x-request-id'] !== again.headers['x-request-id']))
  })

  test('holds what the client wrote as a value, whatever it is', async (t) => {
    const { cache } = await startPair(t)
    const headers = ['User-Agent: red\u009b31m "quoted"', 'Connection: close']
    const answer = await sendRaw(cache.port, request('/v2/%1b[31m/manifests/x', headers))
    assert.equal(answer.status, 400)
    const [line] = cache.log.find(/^request$/)
    assert.equal(line?.fields['name'], '/v2/%1b[31m/manifests/x')
    assert.equal(line?.fields['agent'], 'red\u009b31m "quoted"')
  })

  test('is not written for health checks', async (t) => {
    const { cache } = await startPair(t)
    for (const path of ['/healthz', '/readyz', '/']) await cache.fetch(path)
    assert.deepEqual(cache.log.find(/^request$/), [])
  })
})
