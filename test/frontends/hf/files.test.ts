import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { MINUTE } from '../../../src/domain/clock.ts'
import { fakeClock } from '../../support/clock.ts'
import { randomBytesFrom } from '../../support/fake-content.ts'
import { type HfLab, startHfLab } from '../../support/fake-hf-lab.ts'
import { hfFile } from '../../support/fake-hf-repos.ts'
import type { Fetched } from '../../support/http.ts'
import { settled } from '../support.ts'

const WEIGHTS = randomBytesFrom(61, 900_000)
const CONFIG = Buffer.from('{"model_type":"small"}')

async function start(t: TestContext, options: Parameters<typeof startHfLab>[1] = {}) {
  const lab = await startHfLab(t, options)
  const files = { 'config.json': CONFIG, 'weights.bin': { large: WEIGHTS }, empty: '', 'a/b c.txt': 'text' }
  return { ...lab, commit: lab.hub.publish('models/org/model', files) }
}

/** Methods and paths that the hub and its storage were asked for. */
function askedOf({ hub }: Pick<HfLab, 'hub'>): string[] {
  return hub.requests.list().map(({ role, method, path }) => `${role} ${method} ${path}`)
}

function outcomeOf(answer: Fetched): string {
  return `${answer.status} ${String(answer.headers['x-cache'])}`
}

test('HEAD tells what clients must know, and moves nothing', async (t) => {
  const lab = await start(t)
  const { cache, commit } = lab
  const large = await cache.fetch(`/hf/org/model/resolve/${commit}/weights.bin`, { method: 'HEAD' })
  assert.equal(large.status, 200)
  assert.equal(large.headers['x-repo-commit'], commit)
  assert.equal(large.headers['x-linked-etag'], `"${hfFile({ large: WEIGHTS }).etag}"`)
  assert.equal(large.headers['x-linked-size'], String(WEIGHTS.length))
  assert.equal(large.headers['content-length'], String(WEIGHTS.length))
  assert.equal(large.headers['accept-ranges'], 'bytes')
  for (const name of ['location', 'x-xet-hash', 'link', 'set-cookie'])
    assert.equal(large.headers[name], undefined)
  // The storage, which refuses HEAD, is not even asked.
  assert.deepEqual(askedOf(lab), [`registry HEAD /org/model/resolve/${commit}/weights.bin`])
  const small = await cache.fetch('/hf/org/model/resolve/main/config.json', { method: 'HEAD' })
  assert.equal(small.status, 200)
  assert.equal(small.headers['x-repo-commit'], commit)
  assert.equal(small.headers['x-linked-etag'], `"${hfFile(CONFIG).etag}"`)
  assert.equal(small.headers['content-length'], String(CONFIG.length))
  lab.hub.requests.clear()
  const again = await cache.fetch(`/hf/org/model/resolve/main/weights.bin`, { method: 'HEAD' })
  assert.equal(outcomeOf(again), '200 hit')
  assert.deepEqual(askedOf(lab), [])
})

test('a branch is asked about once in a while, a commit never again', async (t) => {
  const clock = fakeClock()
  const lab = await start(t, { clock })
  const { hub, cache } = lab
  const path = '/hf/org/model/resolve/main/config.json'
  assert.equal(outcomeOf(await cache.fetch(path)), '200 miss')
  assert.equal(outcomeOf(await cache.fetch(path)), '200 hit')
  clock.advance(3 * MINUTE)
  hub.requests.clear()
  assert.equal(outcomeOf(await cache.fetch(path)), '200 revalidated')
  assert.deepEqual(askedOf(lab), ['registry GET /api/models/org/model/revision/main'])
  const next = hub.publish('models/org/model', { 'config.json': '{"new":true}' })
  clock.advance(3 * MINUTE)
  const moved = await cache.fetch(path)
  assert.equal(moved.body.toString(), '{"new":true}')
  assert.equal(moved.headers['x-repo-commit'], next)
  await hub.stop()
  clock.advance(3 * MINUTE)
  const stale = await cache.fetch(path)
  assert.equal(outcomeOf(stale), '200 stale')
  assert.match(String(stale.headers['warning']), /^299 - "served stale: /)
  assert.equal(stale.body.toString(), '{"new":true}')
})

test('content that is here under another name is not fetched again', async (t) => {
  const lab = await start(t)
  const { hub, cache, commit } = lab
  await cache.fetch(`/hf/org/model/resolve/${commit}/weights.bin`)
  const fork = hub.publish('datasets/other/fork', { 'copy.bin': { large: WEIGHTS } })
  const next = hub.publish('models/org/model', { 'renamed.bin': { large: WEIGHTS } })
  hub.requests.clear()
  for (const path of [
    `datasets/other/fork/resolve/${fork}/copy.bin`,
    `org/model/resolve/${next}/renamed.bin`,
  ]) {
    const answer = await cache.fetch(`/hf/${path}`)
    assert.equal(outcomeOf(answer), '200 revalidated')
    assert.ok(answer.body.equals(WEIGHTS))
  }
  assert.deepEqual(hub.requests.count({ method: 'GET' }), 0)
})

test('a file of git is what its name in git says, or it is refused', async (t) => {
  const clock = fakeClock()
  const { hub, cache, commit } = await start(t, { clock })
  const other = Buffer.from('{"model_type":"evil!"}')
  hub.faults.add({ when: { method: 'GET' }, times: 2, fault: { swapBody: other } })
  const path = `/hf/org/model/resolve/${commit}/config.json`
  const wrong = await cache.fetch(path)
  assert.equal(wrong.complete && wrong.status === 200, false)
  assert.equal(wrong.body.equals(other), false)
  hub.requests.clear()
  const again = await cache.fetch(path)
  assert.equal(again.status, 502)
  assert.match(again.body.toString(), /git/)
  assert.equal(hub.requests.count(), 0)
  clock.advance(31_000)
  const right = await cache.fetch(path)
  assert.equal(outcomeOf(right), '200 miss')
  assert.ok(right.body.equals(CONFIG))
})

test('large content with another hash never arrives', async (t) => {
  const { hub, cache, commit } = await start(t)
  const rule = hub.faults.add({ when: { method: 'GET', role: 'cdn' }, fault: { corruptAt: 5 } })
  const path = `/hf/org/model/resolve/${commit}/weights.bin`
  const wrong = await cache.fetch(path)
  assert.equal(wrong.complete, false)
  rule.remove()
  assert.ok((await cache.fetch(path)).body.equals(WEIGHTS))
})

test('a file without a byte is what JavaScript expects', async (t) => {
  const { cache, commit } = await start(t)
  const path = `/hf/org/model/resolve/${commit}/empty`
  for (const outcome of ['miss', 'hit']) {
    const answer = await cache.fetch(path, { headers: { range: 'bytes=0-0' } })
    assert.equal(outcomeOf(answer), `200 ${outcome}`)
    assert.equal(answer.headers['content-range'], 'bytes */0')
    assert.equal(answer.headers['content-length'], '0')
    assert.equal(answer.headers['x-linked-etag'], '"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"')
  }
  const whole = await cache.fetch(path)
  assert.deepEqual([whole.status, whole.headers['content-range']], [200, undefined])
})

test('ranges, also of the first byte of what is not here', async (t) => {
  const { cache, commit } = await start(t)
  const path = `/hf/org/model/resolve/${commit}/weights.bin`
  const first = await cache.fetch(path, { headers: { range: 'bytes=0-0' } })
  assert.deepEqual([first.status, first.headers['content-range']], [206, `bytes 0-0/${WEIGHTS.length}`])
  const rest = await cache.fetch(path, { headers: { range: 'bytes=500000-' } })
  assert.equal(rest.status, 206)
  assert.ok(rest.body.equals(WEIGHTS.subarray(500_000)))
})

test('names with spaces and revisions with slashes', async (t) => {
  const { hub, cache } = await start(t)
  const commit = hub.publish('datasets/org/set', { 'dir/a b.txt': 'hello' }, { branch: 'refs/pr/1' })
  for (const revision of ['refs%2Fpr%2F1', 'refs/pr/1', commit]) {
    for (const file of ['dir/a%20b.txt', 'dir%2Fa%20b.txt']) {
      const answer = await cache.fetch(`/hf/datasets/org/set/resolve/${revision}/${file}`)
      assert.deepEqual([answer.status, answer.body.toString()], [200, 'hello'], `${revision} ${file}`)
      assert.equal(answer.headers['x-repo-commit'], commit)
    }
  }
})

test('what git has of a large file is its pointer', async (t) => {
  const { cache, commit } = await start(t)
  const answer = await cache.fetch(`/hf/org/model/raw/${commit}/weights.bin`)
  assert.match(answer.body.toString(), /^version https:\/\/git-lfs/)
  assert.equal(outcomeOf(await cache.fetch(`/hf/org/model/raw/main/weights.bin`)), '200 revalidated')
  const head = await cache.fetch(`/hf/org/model/raw/main/weights.bin`, { method: 'HEAD' })
  assert.equal(outcomeOf(head), '200 hit')
})

test('what a commit does not have is known for good', async (t) => {
  const clock = fakeClock()
  const lab = await start(t, { clock })
  const { hub, cache, commit } = lab
  const path = '/hf/org/model/resolve/main/adapter_config.json'
  const first = await cache.fetch(path, { method: 'HEAD' })
  assert.equal(first.status, 404)
  assert.equal(first.headers['x-error-code'], 'EntryNotFound')
  assert.equal(first.headers['x-repo-commit'], commit)
  await cache.restart()
  await hub.stop()
  clock.advance(60 * MINUTE)
  const later = await cache.fetch(`/hf/org/model/resolve/${commit}/adapter_config.json`)
  assert.equal(outcomeOf(later), '404 hit')
  assert.equal(later.headers['x-error-code'], 'EntryNotFound')
  assert.equal((await cache.fetch(`/hf/org/model/resolve/${commit}/other.json`)).status, 503)
})

test('what is not there is said in words that clients know', async (t) => {
  const { cache } = await start(t)
  const cases = [
    ['/hf/org/none/resolve/main/config.json', 'RepoNotFound'],
    ['/hf/api/models/org/none', 'RepoNotFound'],
    ['/hf/org/model/resolve/none/config.json', 'RevisionNotFound'],
    ['/hf/api/models/org/model/revision/none', 'RevisionNotFound'],
    ['/hf/org/model/resolve/main/none', 'EntryNotFound'],
    [`/hf/api/models/org/model/tree/main/none`, 'EntryNotFound'],
  ] as const
  for (const [path, code] of cases) {
    const answer = await cache.fetch(path)
    assert.deepEqual([answer.status, answer.headers['x-error-code']], [404, code], path)
    assert.equal(typeof JSON.parse(answer.body.toString()).error, 'string')
    assert.match(String(answer.headers['x-error-message']), /^[\x20-\x7e]+$/)
  }
})

test('ends of names that the operator refuses, and files that are too large', async (t) => {
  const { hub, cache } = await start(t, {
    config: { huggingface: { deny_suffixes: ['.bin'], max_file: '10' } },
  })
  const denied = await cache.fetch('/hf/org/model/resolve/main/weights.BIN')
  assert.equal(denied.status, 403)
  assert.match(String(denied.headers['x-error-message']), /deny_suffixes/)
  assert.equal(hub.requests.count(), 0)
  for (const method of ['GET', 'HEAD'])
    assert.equal((await cache.fetch('/hf/org/model/resolve/main/config.json', { method })).status, 413)
})

test('a file that a new commit did not change is known to a HEAD, and not fetched again', async (t) => {
  const lab = await start(t)
  const { hub, cache } = lab
  await cache.fetch('/hf/org/model/resolve/main/config.json')
  await settled(cache, '/hf/org/model/resolve/main/config.json')
  const next = hub.publish('models/org/model', { 'moved.json': CONFIG, empty: '' })
  hub.requests.clear()
  for (const path of ['moved.json', 'empty'])
    await cache.fetch(`/hf/org/model/resolve/${next}/${path}`, { method: 'HEAD' })
  assert.equal(hub.requests.count({ method: 'GET' }), 0)
  await hub.stop()
  const moved = await cache.fetch(`/hf/org/model/resolve/${next}/moved.json`)
  assert.equal(outcomeOf(moved), '200 hit')
  assert.ok(moved.body.equals(CONFIG))
  const head = await cache.fetch(`/hf/org/model/resolve/${next}/empty`, { method: 'HEAD' })
  assert.equal(outcomeOf(head), '200 hit')
})
