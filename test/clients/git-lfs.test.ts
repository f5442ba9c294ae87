import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { hash } from '@node-rs/bcrypt'
import { type FakeGit, startFakeGit } from '../support/fake-git.ts'
import { type GitRun, openGitClient } from '../support/fake-git-client.ts'
import { type GitLab, type GitLabOptions, startGitLab } from '../support/fake-git-lab.ts'
import { tempDir } from '../support/temp.ts'
import { missing } from './process.ts'

const skip = missing('git', 'git-lfs')
const REPO = 'https://github.com/owner/repo'
const BYTES = randomBytes(300_000)

interface Scene {
  readonly fake: FakeGit
  readonly lab: GitLab
  readonly oid: string
}

async function start(t: TestContext, options: Partial<GitLabOptions> = {}): Promise<Scene> {
  const fake = await startFakeGit(t)
  const repo = await fake.create('owner/repo')
  const { oid, pointer } = fake.addFile(BYTES)
  await repo.commit({ '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n', 'large.bin': pointer })
  return { fake, oid, lab: await startGitLab(t, { url: fake.url, ...options }) }
}

/** A clone of somebody who has git-lfs. */
async function clone(
  t: TestContext,
  cache: string,
  env: Record<string, string> = {},
): Promise<{ readonly run: GitRun; readonly work: string }> {
  const client = await openGitClient(t, { cache, env: { ...FILTER, ...env } })
  return { run: await client.run('clone', REPO), work: client.work }
}

/** As `git lfs install` writes it. */
const FILTER = {
  GIT_CONFIG_COUNT: '3',
  GIT_CONFIG_KEY_0: 'filter.lfs.process',
  GIT_CONFIG_VALUE_0: 'git-lfs filter-process',
  GIT_CONFIG_KEY_1: 'filter.lfs.required',
  GIT_CONFIG_VALUE_1: 'true',
  // It would try eight times, for a minute.
  GIT_CONFIG_KEY_2: 'lfs.transfer.maxRetries',
  GIT_CONFIG_VALUE_2: '1',
}

async function requireLarge({ run, work }: { run: GitRun; work: string }): Promise<void> {
  assert.equal(run.code, 0, run.err)
  assert.ok(BYTES.equals(await readFile(join(work, 'repo', 'large.bin'))))
}

test('large files come once, and again while their server is down', { skip }, async (t) => {
  const { fake, lab } = await start(t)
  await requireLarge(await clone(t, lab.url))
  await requireLarge(await clone(t, lab.url))
  assert.equal(fake.asked('file').length, 1)
  fake.state = 'down'
  await requireLarge(await clone(t, lab.url))
  assert.equal(fake.asked('file').length, 1)
})

test('a large file that breaks off on its way is continued, and its client notices nothing', {
  skip,
}, async (t) => {
  const { fake, lab } = await start(t)
  fake.cutFileAfter = 100_000
  await requireLarge(await clone(t, lab.url))
  assert.equal(fake.asked('file').length, 2)
})

test('a large file that is not what its name says reaches nobody', { skip }, async (t) => {
  const { fake, lab, oid } = await start(t)
  const other = Buffer.from(BYTES)
  other[1000] = (other[1000] ?? 0) ^ 1
  fake.files.set(oid, other)
  const { run } = await clone(t, lab.url)
  assert.notEqual(run.code, 0)
  fake.files.set(oid, BYTES)
  await requireLarge(await clone(t, lab.url))
})

test('large files that lie elsewhere come from there once, where that is configured', { skip }, async (t) => {
  const storage = await startFakeGit(t)
  storage.addFile(BYTES)
  const { fake, lab } = await start(t, { settings: { redirectHosts: [new URL(storage.url).host] } })
  fake.storageUrl = storage.url
  for (let i = 0; i < 2; i++) await requireLarge(await clone(t, lab.url))
  assert.equal(storage.asked('file').length, 1)
  assert.equal(fake.asked('file').length, 0)
  storage.stop()
  await requireLarge(await clone(t, lab.url))
})

test('from hosts that are not configured clients fetch large files themselves', { skip }, async (t) => {
  const storage = await startFakeGit(t)
  storage.addFile(BYTES)
  const { fake, lab } = await start(t)
  fake.storageUrl = storage.url
  for (let i = 0; i < 2; i++) await requireLarge(await clone(t, lab.url))
  assert.equal(storage.asked('file').length, 2)
})

test('with a password, and with a pull key', { skip }, async (t) => {
  const folder = await tempDir(t)
  await writeFile(join(folder, 'users'), `anna:${await hash('sesame', { cost: 4 })}\n`, { mode: 0o600 })
  const auth = { htpasswd: join(folder, 'users'), anonymous_pull: 'none' }
  const { fake, lab } = await start(t, { config: { auth } })
  const nobody = await clone(t, lab.url)
  assert.match(nobody.run.err, /could not read Username|Authentication failed/)
  await requireLarge(await clone(t, lab.url.replace('//', '//anna:sesame@')))
  await requireLarge(await clone(t, `${lab.url}/k/${await lab.addKey()}`))
  assert.ok(fake.requests.every(({ authorization }) => authorization === undefined))
})

test('a link outlives the process that made it, and nobody else can make one', { skip }, async (t) => {
  const dataDir = join(await tempDir(t), 'data')
  const { fake, lab, oid } = await start(t, { dataDir })
  const asked = { operation: 'download', objects: [{ oid, size: BYTES.length }] }
  const batch = await lab.get('/gh/owner/repo.git/info/lfs/objects/batch', {
    method: 'POST',
    body: JSON.stringify(asked),
  })
  const { objects } = JSON.parse(batch.body.toString())
  const { href } = objects[0].actions.download
  assert.ok(!batch.body.includes('very-secret') && !batch.body.includes('ticket-of-storage'))
  const { pathname, search } = new URL(href)
  await lab.close()
  const second = await startGitLab(t, { url: fake.url, dataDir })
  assert.deepEqual(await second.git.mirrors.list(), [])
  const head = await second.get(pathname + search, { method: 'HEAD' })
  assert.equal(head.headers['content-length'], String(BYTES.length))
  const range = await second.get(pathname + search, { headers: { range: 'bytes=10-19' } })
  assert.equal(range.status, 206)
  assert.ok(range.body.equals(BYTES.subarray(10, 20)))
  for (const wrong of [search.replace('owner', 'other'), search.replace('size=3', 'size=4'), ''])
    assert.equal((await second.get(pathname + wrong)).status, 403)
  const other = pathname.replace(/.$/, (last) => (last === '0' ? '1' : '0'))
  assert.equal((await second.get(other + search)).status, 403)
  const upload = JSON.stringify({ ...asked, operation: 'upload' })
  const refused = await second.get('/gh/owner/repo.git/info/lfs/objects/batch', {
    method: 'POST',
    body: upload,
  })
  assert.equal(refused.status, 403)
})
