import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { HOUR, MINUTE } from '../../../src/domain/clock.ts'
import { readApiAsk } from '../../../src/frontends/github/api.ts'
import { type FakeClock, fakeClock } from '../../support/clock.ts'
import { randomBytesFrom } from '../../support/fake-content.ts'
import { type GithubLab, startGithubLab } from '../../support/fake-github-lab.ts'

const LATEST = '/https://api.github.com/repos/o/r/releases/latest'

async function start(
  t: TestContext,
  options: Parameters<typeof startGithubLab>[1] = {},
): Promise<{ lab: GithubLab; clock: FakeClock }> {
  const clock = fakeClock()
  const lab = await startGithubLab(t, { ...options, clock })
  lab.github.quota.reset = clock() / 1000 + 3600
  lab.github.api('/repos/o/r/releases/latest', { tag_name: 'v1' })
  return { lab, clock }
}

test('an answer is fresh for a minute, then confirmed at no cost, then another', async (t) => {
  const { lab, clock } = await start(t)
  const { github } = lab
  const first = await lab.get(LATEST)
  assert.deepEqual([first.status, first.headers['x-cache']], [200, 'miss'])
  assert.equal(first.headers['content-type'], 'application/json; charset=utf-8')
  assert.equal(first.headers['x-ratelimit-remaining'], '59')
  assert.equal(first.headers['x-ratelimit-reset'], String(github.quota.reset))
  assert.equal((await lab.get(LATEST)).headers['x-cache'], 'hit')
  clock.advance(2 * MINUTE)
  const confirmed = await lab.get(LATEST)
  assert.equal(confirmed.headers['x-cache'], 'revalidated')
  assert.equal(confirmed.headers['x-ratelimit-remaining'], '59')
  github.api('/repos/o/r/releases/latest', { tag_name: 'v2' })
  clock.advance(2 * MINUTE)
  const moved = await lab.get(LATEST)
  assert.deepEqual(JSON.parse(moved.body.toString()), { tag_name: 'v2' })
  const head = await lab.get(LATEST, { method: 'HEAD' })
  assert.deepEqual(
    [head.status, head.headers['content-length'], head.headers.etag],
    [200, String(moved.body.length), moved.headers.etag],
  )
})

test('with no requests left what is cached is served, the rest says when to come back', async (t) => {
  const { lab, clock } = await start(t)
  const { github } = lab
  await lab.get(LATEST)
  github.quota.remaining = 0
  clock.advance(2 * MINUTE)
  github.faults.add({
    fault: {
      status: 403,
      headers: {
        'X-RateLimit-Remaining': '0',
        'X-RateLimit-Limit': '60',
        'X-RateLimit-Reset': String(github.quota.reset),
      },
    },
  })
  const stale = await lab.get(LATEST)
  assert.deepEqual([stale.status, stale.headers['x-cache']], [200, 'stale'])
  assert.equal(stale.headers['x-ratelimit-remaining'], '0')
  const other = await lab.get('/https://api.github.com/repos/o/r/tags')
  assert.equal(other.status, 429)
  assert.equal(other.headers['x-ratelimit-remaining'], '0')
  assert.equal(other.headers['x-ratelimit-reset'], String(github.quota.reset))
  assert.ok(Number(other.headers['retry-after']) > 3000)
  assert.match(JSON.parse(other.body.toString()).message, /limits/)
})

test('with few requests left nothing is asked about what is here', async (t) => {
  const { lab, clock } = await start(t)
  const { github } = lab
  await lab.get(LATEST)
  github.quota.remaining = 4
  github.api('/repos/o/r/tags', [])
  await lab.get('/https://api.github.com/repos/o/r/tags')
  clock.advance(2 * MINUTE)
  github.requests.clear()
  const spared = await lab.get(LATEST)
  assert.equal(spared.headers['x-cache'], 'stale')
  assert.match(String(spared.headers['warning']), /3 of 60/)
  assert.equal(github.requests.count(), 0)
  clock.advance(HOUR)
  assert.equal((await lab.get(LATEST)).headers['x-cache'], 'revalidated')
})

test('answers for other media types and versions are others', async (t) => {
  const { lab } = await start(t)
  const { github } = lab
  const asks = [
    {},
    { accept: 'application/json' },
    { accept: 'text/html, */*' },
    { accept: 'application/vnd.github+json' },
    { accept: 'application/vnd.github.v3+json' },
    { accept: 'application/vnd.github.text+json' },
    { 'x-github-api-version': '2022-11-28' },
    { 'x-github-api-version': 'nonsense\t' },
  ]
  for (const headers of asks) await lab.get(LATEST, { headers })
  const sent = github.requests.list().map(({ headers }) => [headers.accept, headers['x-github-api-version']])
  assert.deepEqual(sent, [
    ['application/vnd.github+json', undefined],
    ['application/vnd.github.text+json', undefined],
    ['application/vnd.github+json', '2022-11-28'],
  ])
})

test('what a client asks for is read as the API knows it', () => {
  const of = (accept?: string) => readApiAsk(accept === undefined ? {} : { accept })
  assert.deepEqual([of().isFile, of('*/*').suffix], [false, ''])
  assert.equal(of('application/vnd.github.raw+json').isFile, true)
  assert.equal(of('application/octet-stream').isFile, true)
  assert.equal(of('text/html,application/vnd.github.diff;q=1').accept, 'application/vnd.github.diff')
  for (const odd of [
    'application/vnd.github.x/../y',
    'application/vnd.github.x\r\nA: b',
    `application/vnd.github.${'x'.repeat(90)}`,
  ])
    assert.equal(of(odd).suffix, '')
})

test('an asset by its number, with ranges; and the same address as JSON', async (t) => {
  const { lab } = await start(t)
  const { github } = lab
  const bytes = randomBytesFrom(221, 200_000)
  github.release('o/r', 'v1', 'x.tgz', bytes)
  assert.equal((await lab.get('/gh/o/r/releases/download/v1/x.tgz', { method: 'HEAD' })).status, 200)
  const [stored] = github.requests.list({ role: 'cdn' })
  assert.ok(stored)
  const asset = '/https://api.github.com/repos/o/r/releases/assets/7'
  github.api('/repos/o/r/releases/assets/7', { name: 'x.tgz' })
  assert.deepEqual(JSON.parse((await lab.get(asset)).body.toString()), { name: 'x.tgz' })
  github.put('api.github.com', '/repos/o/r/releases/assets/7', {
    location: `${github.urlOf('release-assets.githubusercontent.com')}${stored.path}`,
  })
  const headers = { accept: 'application/octet-stream' }
  assert.ok((await lab.get(asset, { headers })).body.equals(bytes))
  await lab.landed()
  const part = await lab.get(asset, { headers: { ...headers, range: 'bytes=10-19' } })
  assert.ok(part.body.equals(bytes.subarray(10, 20)))
  assert.equal(part.headers['x-cache'], 'hit')
  assert.equal(part.headers['content-disposition'], 'attachment; filename="x.tgz"')
})

test('links of a list are passed on', async (t) => {
  const { lab } = await start(t)
  const link = '<https://api.github.com/repositories/1/tags?page=2>; rel="next"'
  lab.github.put('api.github.com', '/repos/o/r/tags?per_page=1', {
    content: Buffer.from('[]'),
    headers: { Link: link, 'Content-Type': 'application/json' },
  })
  for (const outcome of ['miss', 'hit']) {
    const answer = await lab.get('/https://api.github.com/repos/o/r/tags?per_page=1')
    assert.deepEqual([answer.headers['x-cache'], answer.headers.link], [outcome, link])
  }
})

test('an address that was signed for somebody is passed on, not kept, and is not above the rules', async (t) => {
  const bytes = randomBytesFrom(222, 50_000)
  const path = '/github-production-release-asset/4242/ab-cd'
  const asked = `/https://release-assets.githubusercontent.com${path}?sig=0123456789abcdef`
  const open = await startGithubLab(t)
  open.github.put('release-assets.githubusercontent.com', path, { content: bytes })
  for (let i = 0; i < 2; i++) {
    const answer = await open.get(asked)
    assert.deepEqual([answer.status, answer.headers['x-cache']], [200, 'bypass'])
    assert.ok(answer.body.equals(bytes))
  }
  assert.equal(open.github.requests.list()[0]?.query, 'sig=0123456789abcdef')
  assert.equal(open.log.text().includes('0123456789abcdef'), false)
  const ruled = await startGithubLab(t, { config: { rule: [{ effect: 'deny', match: ['github:evil/*'] }] } })
  const { github } = ruled
  github.put('release-assets.githubusercontent.com', path, { content: bytes })
  assert.equal((await ruled.get(asked)).status, 404)
  for (const [id, name, status] of [
    ['4243', 'good/repo', 200],
    ['4244', 'Evil/repo', 403],
    ['4245', '../x', 403],
  ] as const) {
    github.api(`/repositories/${id}`, { full_name: name })
    github.put('release-assets.githubusercontent.com', path.replace('4242', id), { content: bytes })
    assert.equal((await ruled.get(asked.replace('4242', id))).status, status, name)
  }
  assert.equal(github.requests.count({ role: 'cdn' }), 1)
})
