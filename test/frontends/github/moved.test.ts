import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { MINUTE } from '../../../src/domain/clock.ts'
import { type FakeClock, fakeClock } from '../../support/clock.ts'
import { randomBytesFrom } from '../../support/fake-content.ts'
import { type GithubLab, startGithubLab } from '../../support/fake-github-lab.ts'

const ASSET = randomBytesFrom(211, 100_000)
const OLD = '/gh/old/name/releases/download/v1/x'

async function start(
  t: TestContext,
  options: Parameters<typeof startGithubLab>[1] = {},
): Promise<{ lab: GithubLab; clock: FakeClock }> {
  const clock = fakeClock()
  const lab = await startGithubLab(t, { ...options, clock })
  lab.github.release('new/name', 'v1', 'x', ASSET)
  lab.github.rename('old/name', 'new/name')
  return { lab, clock }
}

async function got(lab: GithubLab, path: string, outcome: string): Promise<Buffer> {
  const { status, headers, body } = await lab.get(path)
  assert.deepEqual(
    [status, headers['x-cache']],
    [200, outcome],
    `${path}: ${body.subarray(0, 200).toString()}`,
  )
  await lab.landed()
  return body
}

test('a renamed repository is served, kept under the name that it has', async (t) => {
  const { lab, clock } = await start(t)
  assert.ok((await got(lab, OLD, 'miss')).equals(ASSET))
  lab.github.requests.clear()
  await got(lab, '/gh/new/name/releases/download/v1/x', 'hit')
  await got(lab, OLD, 'hit')
  assert.equal(lab.github.requests.count(), 0)
  clock.advance(6 * MINUTE)
  await got(lab, OLD, 'hit')
  assert.deepEqual(
    lab.github.requests.list().map(({ method, path }) => `${method} ${path}`),
    ['HEAD /old/name'],
  )
  await lab.github.stop()
  clock.advance(6 * MINUTE)
  await got(lab, OLD, 'hit')
})

test('rules are asked about the name that it has by now', async (t) => {
  const rule = [{ effect: 'deny', match: ['github:new/*'] }]
  const { lab } = await start(t, { config: { rule } })
  lab.github.archive('/new/name/zip/main', ASSET)
  lab.github.latest('new/name', 'v1')
  for (const path of [OLD, '/gh/old/name/releases/latest/download/x', '/gh/old/name/archive/main.zip']) {
    const answer = await lab.get(path)
    assert.equal(answer.status, 403, path)
    assert.match(answer.body.toString(), /rule 1 forbids anonymous to pull github:new\/name/)
  }
  assert.equal(lab.github.requests.count({ repo: 'release-assets.githubusercontent.com' }), 0)
  assert.equal(lab.github.requests.count({ repo: 'codeload.github.com' }), 0)
})

test('what must not be kept of the new name is not kept', async (t) => {
  const rule = [{ effect: 'deny', match: ['github:new/*'], actions: ['store'] }]
  const { lab } = await start(t, { config: { rule } })
  await got(lab, OLD, 'bypass')
  await got(lab, OLD, 'bypass')
})

test('the API knows renamed repositories by number; they are asked by name', async (t) => {
  const { lab } = await start(t)
  lab.github.api('/repos/new/name/releases/latest', { tag_name: 'v1' })
  const body = await got(lab, '/https://api.github.com/repos/old/name/releases/latest', 'miss')
  assert.deepEqual(JSON.parse(body.toString()), { tag_name: 'v1' })
  await got(lab, '/https://api.github.com/repos/new/name/releases/latest', 'hit')
})

test('a name that leads to itself, to nothing, or round in circles', async (t) => {
  const { lab } = await start(t)
  const { github } = lab
  github.rename('a/a', 'b/b')
  github.rename('b/b', 'a/a')
  github.put('github.com', '/c/c/releases/download/v1/x', { location: `${github.urlOf('github.com')}/login` })
  github.put('github.com', '/d/d/releases/download/v1/x', {
    location: `${github.urlOf('github.com')}/e/e/releases`,
  })
  for (const repository of ['a/a', 'c/c', 'd/d']) {
    const answer = await lab.get(`/gh/${repository}/releases/download/v1/x`)
    assert.equal(answer.status, 404, answer.body.toString())
  }
})

test('a name that is somebody else by now is that one', async (t) => {
  const { lab, clock } = await start(t)
  await got(lab, OLD, 'miss')
  const other = randomBytesFrom(212, 1000)
  const { github } = lab
  github.rename('old/name', undefined)
  github.release('old/name', 'v1', 'x', other)
  github.put('github.com', '/old/name', { content: Buffer.from('<html>') })
  clock.advance(6 * MINUTE)
  assert.ok((await got(lab, OLD, 'miss')).equals(other))
})
