import assert from 'node:assert/strict'
import { rename, writeFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { startPair } from '../support/cachalot.ts'

describe('a server', () => {
  test('that runs says so, to anybody and whatever its data folder does', async (t) => {
    const { hub, cache } = await startPair(t, { config: { auth: { anonymous_pull: 'none' } } })
    await hub.stop()
    for (const method of ['GET', 'HEAD']) {
      const answer = await cache.fetch('/healthz', { method })
      assert.equal(answer.status, 200)
      assert.equal(answer.headers['cache-control'], 'no-store')
      assert.equal(answer.body.toString(), method === 'GET' ? '{"status":"ok"}' : '')
    }
  })

  test('is ready while it can write its store and read its index', async (t) => {
    const { hub, cache } = await startPair(t)
    await hub.stop()
    const answer = await cache.fetch('/readyz')
    assert.equal(answer.status, 200)
    assert.deepEqual(JSON.parse(answer.body.toString()), { status: 'ready' })
  })

  test('is not ready, and says why, when its store is gone, but still alive', async (t) => {
    const { cache } = await startPair(t)
    await rename(cache.dataDir, `${cache.dataDir}-away`)
    await writeFile(cache.dataDir, 'no folder')
    const answer = await cache.fetch('/readyz')
    assert.equal(answer.status, 503)
    const { status, problem } = JSON.parse(answer.body.toString())
    assert.equal(status, 'not ready')
    assert.match(problem, /ENOTDIR|ENOENT|not/)
    assert.equal((await cache.fetch('/healthz')).status, 200)
  })

  test('has a front page, and nothing where nothing is', async (t) => {
    const { hub, cache } = await startPair(t)
    const page = await cache.fetch('/')
    assert.equal(page.status, 200)
    assert.match(page.body.toString(), /Cachalot/)
    for (const path of [
      '/none',
      '/.git/config',
      '/package.json',
      '/debug/pprof',
      '/healthz/x',
      '/V2/',
      '//v2/',
    ]) {
      const answer = await cache.fetch(path)
      assert.equal(answer.status, 404, path)
      assert.doesNotMatch(answer.body.toString(), /at .*\.ts:\d+/)
    }
    for (const path of ['/', '/healthz', '/readyz']) {
      for (const method of ['POST', 'PUT', 'DELETE']) {
        assert.equal((await cache.fetch(path, { method })).status, 405, `${method} ${path}`)
      }
    }
    assert.equal(hub.requests.count(), 0)
  })
})
