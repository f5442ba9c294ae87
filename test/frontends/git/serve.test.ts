import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { MINUTE } from '../../../src/domain/clock.ts'
import { MIB } from '../../../src/domain/units.ts'
import { startFakeGit } from '../../support/fake-git.ts'
import { type GitLabOptions, startGitLab } from '../../support/fake-git-lab.ts'
import { askPack, askRefs, fetchBody, hasPack, lsRefsBody } from '../../support/fake-git-wire.ts'
import type { Fetched } from '../../support/http.ts'

async function start(t: TestContext, options: Partial<GitLabOptions> = {}) {
  const fake = await startFakeGit(t)
  const repo = await fake.create('owner/repo')
  const tip = await repo.commit({ 'a.txt': 'one\n' })
  return { fake, repo, tip, lab: await startGitLab(t, { url: fake.url, ...options }) }
}

/** The word of our own header on every answer, and what keeps an answer from being a page. */
function cameAs(answer: Fetched): string {
  assert.equal(answer.headers['x-content-type-options'], 'nosniff')
  assert.match(String(answer.headers['content-security-policy']), /sandbox/)
  assert.ok(answer.headers['x-request-id'])
  return String(answer.headers['x-cache'])
}

test('the outcome says how an answer came about', async (t) => {
  const { fake, tip, lab } = await start(t)
  assert.equal(cameAs(await askRefs(lab)), 'miss')
  assert.equal(cameAs(await askPack(lab, lsRefsBody('HEAD'))), 'miss')
  const first = await askPack(lab, fetchBody(tip))
  assert.ok(hasPack(first))
  assert.equal(cameAs(first), 'miss')
  assert.equal(cameAs(await askPack(lab, fetchBody(tip))), 'hit')
  assert.equal(cameAs(await askPack(lab, lsRefsBody('HEAD'))), 'revalidated')
  fake.state = 'down'
  assert.equal(cameAs(await askPack(lab, lsRefsBody('HEAD'))), 'stale')
  assert.deepEqual(fake.asked('fetch').length, 1)
})

test('branches are asked for each time, or once in a window', async (t) => {
  let now = 1_000_000
  const clock = (): number => now
  const { fake, lab } = await start(t, { clock, engine: { refsWindow: MINUTE } })
  await askPack(lab, lsRefsBody('refs/heads/'))
  assert.equal(cameAs(await askPack(lab, lsRefsBody('refs/heads/'))), 'hit')
  assert.equal(fake.asked('ls-refs').length, 1)
  await askPack(lab, lsRefsBody('refs/tags/'))
  assert.equal(fake.asked('ls-refs').length, 2)
  now += MINUTE
  await askPack(lab, lsRefsBody('refs/heads/'))
  assert.equal(fake.asked('ls-refs').length, 3)
})

test('nothing of a client but its question goes upstream', async (t) => {
  const { fake, tip, lab } = await start(t)
  const headers = { authorization: 'Basic YTpi', cookie: 'a=b', 'x-forwarded-for': '1.2.3.4' }
  await askRefs(lab, undefined, { headers: { 'git-protocol': 'version=2:evil', ...headers } })
  await askPack(lab, lsRefsBody('HEAD'), { headers })
  await askPack(lab, fetchBody(tip), { headers })
  assert.ok(fake.requests.length > 4)
  for (const { authorization, protocol } of fake.requests) {
    assert.equal(authorization, undefined)
    assert.ok(protocol === 'version=2' || protocol === undefined)
  }
})

test('denied by a rule: nobody is asked, whether it is here or not', async (t) => {
  const rule = [{ effect: 'deny', match: ['git:github.com/owner/**'] }]
  const { fake, tip, lab } = await start(t, { config: { rule } })
  const refs = await askRefs(lab)
  assert.equal(refs.status, 403)
  assert.match(refs.body.toString(), /rule 1 forbids anonymous to pull git:github\.com\/owner\/repo/)
  const pack = await askPack(lab, fetchBody(tip))
  assert.match(pack.body.toString(), /^[0-9a-f]{4}ERR rule 1 forbids/)
  assert.deepEqual(fake.requests, [])
})

test('what may not be kept passes by', async (t) => {
  const rule = [{ effect: 'deny', match: ['github:owner/repo'], actions: ['store'] }]
  const { tip, lab } = await start(t, { config: { rule } })
  for (let i = 0; i < 2; i++) {
    const answer = await askPack(lab, fetchBody(tip))
    assert.ok(hasPack(answer))
    assert.equal(cameAs(answer), 'bypass')
  }
  assert.deepEqual(await lab.git.mirrors.list(), [])
})

test('a server that is not configured, and one that is switched off', async (t) => {
  const { fake, lab } = await start(t)
  const other = await askRefs(lab, '/https://gitlab.com/owner/repo')
  assert.equal(other.status, 404)
  assert.match(other.body.toString(), /repositories of gitlab\.com are not mirrored here/)
  const off = await startGitLab(t, { url: fake.url, settings: { enabled: false } })
  assert.equal((await askRefs(off)).status, 404)
  assert.deepEqual(fake.requests, [])
})

test('an upstream that wants a login never makes git ask its user for one', async (t) => {
  const { fake, tip, lab } = await start(t)
  fake.state = 'login'
  const refs = await askRefs(lab)
  assert.equal(refs.status, 403)
  assert.equal(refs.headers['www-authenticate'], undefined)
  assert.match(refs.body.toString(), /private repositories do not pass this cache/)
  const pack = await askPack(lab, fetchBody(tip))
  assert.equal(pack.status, 200)
  assert.match(pack.body.toString(), /ERR .*private repositories do not pass this cache/)
  fake.state = 'missing'
  lab.git.gate.forget({ name: '', upstream: 'git:github.com', url: '', path: '/owner/repo' })
  assert.equal((await askRefs(lab)).status, 404)
})

test('requests that are no requests', async (t) => {
  const { tip, lab } = await start(t)
  const refused = async (body: Buffer, headers: Record<string, string> = {}): Promise<string> => {
    const answer = await askPack(lab, body, { headers })
    assert.ok(!hasPack(answer))
    return answer.body.toString()
  }
  assert.match(await refused(Buffer.from('GET / HTTP/1.1')), /ERR this is no request of git/)
  assert.match(await refused(Buffer.alloc(0)), /ERR this is no request of git/)
  assert.match(await refused(Buffer.from('00ffwant')), /breaks off/)
  assert.match(await refused(fetchBody('--upload-pack=touch')), /names no object/)
  assert.match(await refused(fetchBody(tip), { 'content-type': 'text/plain' }), /has the type/)
  assert.match(await refused(fetchBody(tip), { 'content-encoding': 'br' }), /packed in an unknown way/)
  assert.match(await refused(fetchBody(tip), { 'content-encoding': 'gzip' }), /ERR the request cannot be/)
  const command = Buffer.from('0017command=object-info0000')
  assert.match(await refused(command), /command object-info is not known here/)
  assert.ok(
    hasPack(await askPack(lab, gzipSync(fetchBody(tip)), { headers: { 'content-encoding': 'gzip' } })),
  )
})

test('a bomb of zeros is not unpacked', async (t) => {
  const { lab } = await start(t)
  const bomb = gzipSync(Buffer.alloc(64 * MIB))
  const answer = await askPack(lab, bomb, { headers: { 'content-encoding': 'gzip' } })
  assert.match(answer.body.toString(), /ERR the request is too large/)
})

test('an old server is spoken to as it speaks', async (t) => {
  const { fake, repo, tip, lab } = await start(t)
  fake.isOld = true
  const refs = await askRefs(lab)
  assert.match(refs.body.toString(), new RegExp(`# service=git-upload-pack\\n0000[0-9a-f]{4}${tip} HEAD`))
  assert.ok(await repo.git('status'))
})

test('large files of a repository that was renamed lie where it is now', async (t) => {
  const { fake, lab } = await start(t)
  fake.moved.set('/old/name.git', '/owner/repo.git')
  const bytes = Buffer.from('large, in its way')
  const { oid } = fake.addFile(bytes)
  const asked = { operation: 'download', objects: [{ oid, size: bytes.length }] }
  const batch = await lab.get('/gh/old/name.git/info/lfs/objects/batch', {
    method: 'POST',
    body: JSON.stringify(asked),
  })
  const { href } = JSON.parse(batch.body.toString()).objects[0].actions.download
  const { pathname, search } = new URL(href)
  for (const outcome of ['miss', 'hit']) {
    const file = await lab.get(pathname + search)
    assert.equal(file.status, 200, file.body.toString())
    assert.ok(file.body.equals(bytes))
    assert.equal(cameAs(file), outcome)
  }
})

test('a repository that was renamed is found by its old name while its server is down', async (t) => {
  let now = 1_000_000
  const { fake, tip, lab } = await start(t, { clock: () => now })
  fake.moved.set('/old/name', '/owner/repo')
  const path = '/https://github.com/old/name'
  assert.equal((await askRefs(lab, path)).status, 200)
  assert.ok(hasPack(await askPack(lab, fetchBody(tip), { path })))
  now += 10 * MINUTE
  fake.state = 'down'
  assert.equal(cameAs(await askRefs(lab, path)), 'stale')
  const pack = await askPack(lab, fetchBody(tip), { path })
  assert.ok(hasPack(pack))
  assert.equal(cameAs(pack), 'stale')
})
