import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { MINUTE } from '../../../src/domain/clock.ts'
import { fakeClock } from '../../support/clock.ts'
import { randomBytesFrom } from '../../support/fake-content.ts'
import { startHfLab } from '../../support/fake-hf-lab.ts'
import { hfFile } from '../../support/fake-hf-repos.ts'
import type { Fetched } from '../../support/http.ts'

const WEIGHTS = randomBytesFrom(62, 5000)
const API = '/hf/api/models/org/model'

async function start(t: TestContext, options: Parameters<typeof startHfLab>[1] = {}) {
  const lab = await startHfLab(t, options)
  const files = { 'a.json': '{}', 'b.bin': { large: WEIGHTS }, 'dir/c.txt': 'c', 'dir/d.txt': 'd' }
  return { ...lab, commit: lab.hub.publish('models/org/model', files) }
}

function jsonOf(answer: Fetched): unknown {
  assert.equal(answer.status, 200, answer.body.toString())
  assert.equal(answer.headers['content-type'], 'application/json')
  return JSON.parse(answer.body.toString())
}

function outcomeOf(answer: Fetched): string {
  return `${answer.status} ${String(answer.headers['x-cache'])}`
}

test('pages of a tree lead to pages of ours, below whatever name and key they were asked for', async (t) => {
  const { hub, cache, commit } = await start(t)
  const paths: unknown[] = []
  let next: string | undefined = `${API}/tree/main?recursive=true&expand=false&limit=3`
  for (let pages = 0; next !== undefined && pages < 5; pages++) {
    const answer: Fetched = await cache.fetch(next, { headers: { host: 'cache.test:5000' } })
    assert.equal(answer.headers['x-repo-commit'], commit)
    assert.equal(answer.body.includes('xetHash'), false)
    paths.push(...(jsonOf(answer) as { path: string }[]).map(({ path }) => path)) // the hub's lists are of such
    const link = answer.headers.link
    next = undefined
    if (link !== undefined) {
      const target =
        /^<http:\/\/cache\.test:5000(\/hf\/api\/models\/org\/model\/tree\/[0-9a-f]{40}\?.*cursor=3.*)>; rel="next"$/
      next = target.exec(String(link))?.[1]
      assert.ok(next, String(link))
    }
  }
  assert.deepEqual(paths, ['a.json', 'b.bin', 'dir/c.txt', 'dir/d.txt'])
  assert.equal(hub.asked(/GET .*\/tree\//), 2)
  const folder = await cache.fetch(`${API}/tree/${commit}/dir?recursive=True`)
  assert.equal((jsonOf(folder) as unknown[]).length, 2) // as above
})

test('what is asked for in other words is one entry', async (t) => {
  const { hub, cache, commit } = await start(t)
  await cache.fetch(`${API}/tree/${commit}?recursive=true&expand=false`)
  const again = await cache.fetch(`${API}/tree/${commit}?expand=false&recursive=true&_=1`)
  assert.equal(outcomeOf(again), '200 hit')
  assert.equal(hub.asked(/GET .*\/tree\//), 1)
})

test('what a commit is stays, where a branch leads is asked again, and all of it serves while the hub is down', async (t) => {
  const clock = fakeClock()
  const { hub, cache, commit } = await start(t, { clock })
  const first = jsonOf(await cache.fetch(`${API}/revision/main`))
  assert.equal((first as { sha: string }).sha, commit) // the hub says so
  for (const path of [API, `${API}/revision/${commit}`])
    assert.equal(outcomeOf(await cache.fetch(path)), '200 hit', path)
  await cache.fetch(`${API}/refs`)
  await cache.fetch(`${API}/commits/main`)
  await hub.stop()
  clock.advance(3 * MINUTE)
  for (const path of [API, `${API}/revision/main`, `${API}/refs`, `${API}/commits/main`]) {
    const stale = await cache.fetch(path)
    assert.equal(outcomeOf(stale), '200 stale', path)
    assert.match(String(stale.headers['warning']), /served stale/)
  }
  assert.equal(outcomeOf(await cache.fetch(`${API}/revision/${commit}`)), '200 hit')
})

test('files of a description have no hash of Xet', async (t) => {
  const { cache } = await start(t)
  const json = jsonOf(await cache.fetch(`${API}?blobs=True`))
  const [, weights] = (json as { siblings: Record<string, unknown>[] }).siblings // as the hub lists them
  assert.equal(weights?.['xetHash'], undefined)
  assert.deepEqual(weights?.['lfs'], {
    sha256: hfFile({ large: WEIGHTS }).etag,
    size: 5000,
    pointerSize: 130,
  })
})

test('questions about paths, in the form of Python and in that of JavaScript', async (t) => {
  const { hub, cache, commit } = await start(t)
  const ask = (type: string, body: string) =>
    cache.fetch(`${API}/paths-info/main`, { method: 'POST', headers: { 'content-type': type }, body })
  const form = 'application/x-www-form-urlencoded'
  const python = await ask(form, 'paths=b.bin&paths=dir%2Fc.txt&expand=True')
  const found = jsonOf(python) as { path: string; lastCommit: { id: string } }[] // as the hub answers
  assert.deepEqual(
    found.map(({ path, lastCommit }) => [path, lastCommit.id]),
    [
      ['b.bin', commit],
      ['dir/c.txt', commit],
    ],
  )
  assert.equal(python.body.includes('xetHash'), false)
  const same = await ask('application/json', '{"paths":["b.bin","dir/c.txt"],"expand":true}')
  assert.equal(outcomeOf(same), '200 hit')
  const plain = jsonOf(await ask('application/json', '{"paths":["a.json","none"]}'))
  assert.equal((plain as unknown[]).length, 1)
  assert.equal(hub.asked(/^POST /), 2)
  for (const [type, body, status] of [
    ['application/json', '{', 400],
    ['application/json', '{"paths":[7]}', 400],
    ['application/json', '[]', 400],
    [form, 'paths=../x', 400],
    [form, `paths=${'x'.repeat(1_100_000)}`, 413],
  ] as const)
    assert.equal((await ask(type, body)).status, status, body.slice(0, 30))
  assert.equal((await cache.fetch(`${API}/paths-info/main`)).status, 405)
})

test('who somebody is, and whether a repository may be had', async (t) => {
  const { hub, cache } = await start(t)
  const nobody = await cache.fetch('/hf/api/whoami-v2')
  assert.equal(nobody.status, 401)
  const somebody = await cache.fetch('/hf/api/whoami-v2', {
    headers: { authorization: 'Bearer hf_their_own' },
  })
  assert.equal((jsonOf(somebody) as { name: string }).name, 'anonymous') // as we answer
  assert.equal((await cache.fetch(`${API}/auth-check`)).status, 200)
  hub.repo('models/org/model').access = 'gated'
  const gated = await cache.fetch('/hf/org/model/resolve/main/a.json', { method: 'HEAD' })
  assert.deepEqual([gated.status, gated.headers['x-error-code']], [403, 'GatedRepo'])
  assert.match(String(gated.headers['x-error-message']), /restricted.*huggingface\.token_for/)
})

test('searches are passed on', async (t) => {
  const { cache } = await start(t)
  assert.equal(outcomeOf(await cache.fetch('/hf/api/models?search=tiny')), '200 bypass')
})

test('nothing leads to Xet, and what is not served is not there', async (t) => {
  const { hub, cache } = await start(t)
  for (const path of [
    `${API}/xet-read-token/main`,
    '/hf/api/agent-harnesses',
    '/hf/api/papers/1',
    '/hf/org/model/blob/main/a.json',
    '/hf/org/model',
    '/hf',
    '/hf/v2/',
    '/hf/v2/org/model/manifests/latest',
    '/hf/v2/org/model/blobs/sha256:0000',
  ])
    assert.equal((await cache.fetch(path)).status, 404, path)
  for (const method of ['PUT', 'DELETE', 'POST'])
    assert.equal((await cache.fetch('/hf/api/models/org/model', { method })).status, 405, method)
  assert.equal(hub.requests.count(), 0)
})

test('llama.cpp hears which file to take', async (t) => {
  const { cache } = await start(t)
  const path = '/hf/v2/org/model/manifests/latest'
  for (const outcome of ['miss', 'hit']) {
    const answer = await cache.fetch(path, { headers: { 'user-agent': 'llama-cpp' } })
    assert.equal(outcomeOf(answer), `200 ${outcome}`)
    assert.deepEqual(jsonOf(answer), { schemaVersion: 2, ggufFile: { rfilename: 'm.gguf' } })
  }
})

test('a page of something in between is no answer of the hub', async (t) => {
  const { hub, cache } = await start(t)
  const rule = hub.faults.add({ fault: { swapBody: Buffer.from('<html>pay here</html>') } })
  assert.equal((await cache.fetch(`${API}/revision/main`)).status, 502)
  rule.remove()
  assert.equal(outcomeOf(await cache.fetch(`${API}/revision/main`)), '200 miss')
})
