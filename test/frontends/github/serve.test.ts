import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { HOUR, MINUTE } from '../../../src/domain/clock.ts'
import { fakeClock } from '../../support/clock.ts'
import { randomBytesFrom } from '../../support/fake-content.ts'
import { type GithubLab, startGithubLab } from '../../support/fake-github-lab.ts'

const COMMIT = '0123456789abcdef0123456789abcdef01234567'
const ASSET = randomBytesFrom(201, 300_000)

async function start(t: TestContext, options: Parameters<typeof startGithubLab>[1] = {}): Promise<GithubLab> {
  const lab = await startGithubLab(t, options)
  lab.github.release('o/r', 'v1.0', 'tool.tgz', ASSET)
  return lab
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

test('a release: redirected inside, the same in every spelling, saved by its name', async (t) => {
  const lab = await start(t)
  const cold = await lab.get('/https://github.com/o/r/releases/download/v1.0/tool.tgz')
  assert.deepEqual([cold.status, cold.headers['x-cache']], [200, 'miss'])
  assert.ok(cold.body.equals(ASSET))
  await lab.landed()
  const warm = await lab.get('/gh/O/R/releases/download/v1.0/tool.tgz')
  assert.equal(warm.headers['x-cache'], 'hit')
  for (const { headers } of [cold, warm]) {
    assert.equal(headers['content-disposition'], 'attachment; filename="tool.tgz"')
    assert.equal(headers['content-type'], 'application/octet-stream')
    assert.equal(headers['last-modified'], 'Thu, 01 Jan 2026 00:00:00 GMT')
    assert.equal(headers.location, undefined)
  }
  assert.deepEqual(
    lab.github.requests.list().map(({ method, repo }) => `${method} ${repo}`),
    ['GET github.com', 'GET release-assets.githubusercontent.com'],
  )
})

test('an asset that was replaced is noticed after a day; one that was not is confirmed', async (t) => {
  const clock = fakeClock()
  const lab = await start(t, { clock })
  const path = '/gh/o/r/releases/download/v1.0/tool.tgz'
  await got(lab, path, 'miss')
  clock.advance(23 * HOUR)
  await got(lab, path, 'hit')
  clock.advance(2 * HOUR)
  lab.github.requests.clear()
  await got(lab, path, 'revalidated')
  assert.equal(lab.github.requests.count({ method: 'GET' }), 0)
  const other = randomBytesFrom(202, 200_000)
  lab.github.release('o/r', 'v1.0', 'tool.tgz', other)
  clock.advance(25 * HOUR)
  assert.ok((await got(lab, path, 'miss')).equals(other))
})

test('the latest release is asked for again after a while, its file is not fetched twice', async (t) => {
  const clock = fakeClock()
  const lab = await start(t, { clock })
  const { github } = lab
  github.latest('o/r', 'v1.0')
  const path = '/gh/o/r/releases/latest/download/tool.tgz'
  assert.ok((await got(lab, path, 'miss')).equals(ASSET))
  await got(lab, path, 'hit')
  await got(lab, '/gh/o/r/releases/download/v1.0/tool.tgz', 'hit')
  const newer = randomBytesFrom(203, 1000)
  github.release('o/r', '@o/r@2.0/x', 'tool.tgz', newer)
  github.latest('o/r', encodeURIComponent('@o/r@2.0/x'))
  await got(lab, path, 'hit')
  clock.advance(6 * MINUTE)
  assert.ok((await got(lab, path, 'miss')).equals(newer))
  clock.advance(6 * MINUTE)
  await github.stop()
  assert.ok((await got(lab, path, 'hit')).equals(newer))
})

test('where there is no release, there is no latest one', async (t) => {
  const lab = await start(t)
  lab.github.put('github.com', '/o/none/releases/latest', {
    location: `${lab.github.urlOf('github.com')}/o/none/releases`,
  })
  for (const repository of ['o/none', 'o/unknown'])
    assert.equal((await lab.get(`/gh/${repository}/releases/latest/download/x`)).status, 404)
})

test('archives: made while they are sent, one name on both hosts, the first bytes of a commit stay', async (t) => {
  const clock = fakeClock()
  const lab = await start(t, { clock })
  const { github } = lab
  const first = randomBytesFrom(204, 100_000)
  github.archive(`/o/r/tar.gz/${COMMIT}`, first)
  github.archive('/o/r/tar.gz/main', first)
  const commit = `/gh/o/r/archive/${COMMIT}.tar.gz`
  const branch = '/gh/o/r/archive/main.tar.gz'
  assert.ok((await got(lab, commit, 'miss')).equals(first))
  await got(lab, branch, 'miss')
  const other = randomBytesFrom(205, 90_000)
  github.archive(`/o/r/tar.gz/${COMMIT}`, other)
  github.archive('/o/r/tar.gz/main', other)
  clock.advance(365 * 24 * HOUR)
  assert.ok((await got(lab, `/https://codeload.github.com/o/r/tar.gz/${COMMIT}`, 'hit')).equals(first))
  assert.ok((await got(lab, branch, 'miss')).equals(other))
  const { headers } = await lab.get(commit)
  assert.equal(headers['content-disposition'], `attachment; filename="r-${COMMIT}.tar.gz"`)
  assert.equal(headers['content-length'], '100000')
})

test('an archive that breaks off is never whole', async (t) => {
  const lab = await start(t)
  lab.github.archive('/o/r/zip/main', ASSET)
  lab.github.faults.add({
    times: 1,
    when: { repo: 'codeload.github.com' },
    fault: { truncateAfter: 150_000 },
  })
  const cut = await lab.get('/gh/o/r/archive/main.zip')
  assert.equal(cut.complete, false)
  assert.ok((await got(lab, '/gh/o/r/archive/main.zip', 'miss')).equals(ASSET))
})

test('pages of files are raw files, and large files are themselves', async (t) => {
  const lab = await start(t)
  const { github } = lab
  const oid = 'a'.repeat(64)
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize 300000\n`
  github.raw('o/r/main/big.bin', pointer)
  github.put('media.githubusercontent.com', '/media/o/r/main/big.bin', { content: ASSET })
  github.raw('o/r/main/small.txt', 'small\n'.repeat(20))
  for (const path of ['/gh/o/r/raw/main/big.bin', '/gh/o/r/blob/main/big.bin']) {
    const head = await lab.get(path, { method: 'HEAD' })
    assert.deepEqual([head.status, head.headers['content-length']], [200, '300000'])
    assert.ok((await lab.get(path)).body.equals(ASSET))
    await lab.landed()
    const part = await lab.get(path, { headers: { range: 'bytes=100-199' } })
    assert.ok(part.body.equals(ASSET.subarray(100, 200)))
  }
  const plain = await got(lab, '/https://raw.githubusercontent.com/o/r/main/big.bin', 'hit')
  assert.equal(plain.toString(), pointer)
  assert.equal((await got(lab, '/gh/o/r/raw/main/small.txt', 'miss')).toString(), 'small\n'.repeat(20))
  assert.equal(github.requests.count({ repo: 'media.githubusercontent.com', method: 'GET' }), 1)
})

test('gists: a revision is for good, the rest is asked for again', async (t) => {
  const clock = fakeClock()
  const lab = await start(t, { clock })
  const { github } = lab
  const put = (path: string, text: string): void =>
    github.put('gist.githubusercontent.com', path, { content: Buffer.from(text) })
  put(`/u/abc123/raw/${COMMIT}/x.sh`, 'one')
  put('/u/abc123/raw/x.sh', 'one')
  github.put('gist.github.com', '/abc123/raw', {
    location: `${github.urlOf('gist.githubusercontent.com')}/u/abc123/raw/x.sh`,
  })
  await got(lab, `/https://gist.githubusercontent.com/u/abc123/raw/${COMMIT}/x.sh`, 'miss')
  await got(lab, '/https://gist.github.com/u/abc123/raw/x.sh', 'miss')
  assert.equal((await got(lab, '/https://gist.github.com/abc123/raw', 'miss')).toString(), 'one')
  put(`/u/abc123/raw/${COMMIT}/x.sh`, 'two')
  put('/u/abc123/raw/x.sh', 'two')
  clock.advance(6 * MINUTE)
  await got(lab, `/https://gist.githubusercontent.com/u/abc123/raw/${COMMIT}/x.sh`, 'hit')
  assert.equal(
    (await got(lab, '/https://gist.githubusercontent.com/u/abc123/raw/x.sh', 'miss')).toString(),
    'two',
  )
})

test('nothing here is a page: whatever its type, it is text or a download in a sandbox', async (t) => {
  const lab = await start(t)
  const types = {
    'text/html': 'text/plain; charset=utf-8',
    'application/xhtml+xml': 'text/plain; charset=utf-8',
    'image/svg+xml': 'text/plain; charset=utf-8',
    'text/javascript': 'text/plain; charset=utf-8',
    'application/xml': 'text/plain; charset=utf-8',
    'application/pdf': 'application/octet-stream',
    'application/x-shockwave-flash': 'application/octet-stream',
    'image/png': 'image/png',
    'application/json': 'application/json; charset=utf-8',
  }
  for (const [type, expected] of Object.entries(types)) {
    const name = `x.${type.replace(/\W/, '-')}`
    const headers = { 'Content-Type': type, 'Set-Cookie': 'a=b', 'Access-Control-Allow-Origin': '*' }
    lab.github.put('raw.githubusercontent.com', `/o/r/main/${name}`, { content: Buffer.from('<b>'), headers })
    lab.github.release('o/r', 'v1.0', name, Buffer.from('<b>'))
    for (const path of [`/gh/o/r/raw/main/${name}`, `/gh/o/r/releases/download/v1.0/${name}`])
      for (const method of ['GET', 'HEAD', 'GET']) {
        const answer = await lab.get(path, { method })
        const sent = answer.headers
        if (path.includes('/raw/')) assert.equal(sent['content-type'], expected)
        else assert.match(String(sent['content-disposition']), /^attachment; filename="x\./)
        assert.match(String(sent['content-security-policy']), /sandbox/)
        assert.equal(sent['x-content-type-options'], 'nosniff')
        assert.deepEqual([sent['set-cookie'], sent['access-control-allow-origin']], [undefined, undefined])
      }
  }
})

test('redirects lead to the hosts of GitHub only', async (t) => {
  const lab = await start(t)
  const { github } = lab
  const elsewhere = await startGithubLab(t)
  elsewhere.github.raw('o/r/main/x', 'stolen')
  github.put('raw.githubusercontent.com', '/o/r/main/x', {
    location: `${elsewhere.github.urlOf('raw.githubusercontent.com')}/o/r/main/x`,
  })
  const answer = await lab.get('/gh/o/r/raw/main/x')
  assert.equal(answer.status, 502)
  assert.match(answer.body.toString(), /redirect refused/)
  assert.equal(elsewhere.github.requests.count(), 0)
})

test('a password or token of a client goes nowhere', async (t) => {
  const lab = await start(t)
  const headers = { authorization: 'Bearer ghp_secret', cookie: 'user_session=secret' }
  await lab.get('/gh/o/r/releases/download/v1.0/tool.tgz', { headers })
  const sent = JSON.stringify(lab.github.requests.list())
  assert.equal(sent.includes('secret'), false)
})

test('the token of the operator is for the repositories that he names, and for no other host', async (t) => {
  const token = 'ghs_operator'
  const lab = await start(t, { settings: { tokenFor: ['Corp/*'] }, upstream: { token } })
  const { github } = lab
  const secret = randomBytesFrom(206, 5000)
  github.put('raw.githubusercontent.com', '/corp/app/main/x', { content: secret, token })
  github.put('raw.githubusercontent.com', '/other/app/main/x', { content: secret, token })
  github.release('corp/app', 'v1', 'x', secret)
  assert.ok((await got(lab, '/gh/corp/app/raw/main/x', 'miss')).equals(secret))
  await got(lab, '/gh/corp/app/releases/download/v1/x', 'miss')
  assert.equal((await lab.get('/gh/other/app/raw/main/x')).status, 404)
  const carried = github.requests.list().map(({ repo, headers }) => `${repo} ${headers.authorization}`)
  assert.deepEqual(carried, [
    `raw.githubusercontent.com Bearer ${token}`,
    `github.com Bearer ${token}`,
    'release-assets.githubusercontent.com undefined',
    'raw.githubusercontent.com undefined',
  ])
})

test('switched off, nothing is asked', async (t) => {
  const lab = await start(t, { settings: { enabled: false } })
  const answer = await lab.get('/gh/o/r/releases/download/v1.0/tool.tgz')
  assert.equal(answer.status, 404)
  assert.match(answer.body.toString(), /switched off/)
  assert.equal(lab.github.requests.count(), 0)
})

test('other methods are refused, and say which are not', async (t) => {
  const lab = await start(t)
  for (const method of ['POST', 'DELETE', 'PUT']) {
    const answer = await lab.get('/https://api.github.com/repos/o/r/releases', { method })
    assert.deepEqual([answer.status, answer.headers.allow], [405, 'GET, HEAD'])
    assert.equal(typeof JSON.parse(answer.body.toString()).message, 'string')
  }
  assert.equal(lab.github.requests.count(), 0)
})
