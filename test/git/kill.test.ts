import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, globSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type FakeGit, startFakeGit } from '../support/fake-git.ts'
import { startGitLab } from '../support/fake-git-lab.ts'
import { askPack, fetchBody, hasPack, until } from '../support/fake-git-wire.ts'
import { fetchAll } from '../support/http.ts'
import { tempDir } from '../support/temp.ts'

const LARGE = Array.from({ length: 30_000 }, (_, i) => Math.sin(i)).join('\n')
const OTHER = Array.from({ length: 30_000 }, (_, i) => Math.cos(i)).join('\n')

/** A cache that fetches and is killed when so many bytes have come. */
async function killDuringFetch(
  t: TestContext,
  fake: FakeGit,
  { dataDir, oid }: { dataDir: string; oid: string },
) {
  const args = ['--import', './test/support/no-network.ts', 'test/git/kill-child.ts', fake.url, dataDir]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => void child.kill('SIGKILL'))
  const [line] = (await once(child.stdout, 'data')) as [Buffer] // what it prints is bytes
  const before = fake.asked('fetch').length
  // More than one packet of 64 KiB: until the first one is whole, git makes no file.
  fake.stallAfter = 150_000
  const isComing = () => globSync('git/*/objects/pack/tmp_pack_*', { cwd: dataDir }).length > 0
  const ask = () =>
    fetchAll(line.toString().trim(), {
      path: '/gh/owner/repo/git-upload-pack',
      method: 'POST',
      body: fetchBody(oid),
      headers: { 'git-protocol': 'version=2', 'content-type': 'application/x-git-upload-pack-request' },
    })
  // On a busy machine the first answer may be that the server took too long.
  const asked = (async () => {
    for (let answer = await ask(); answer.status > 0 && !isComing(); ) answer = await ask()
  })()
  await until(() => fake.asked('fetch').length > before && isComing())
  child.kill('SIGKILL')
  await asked
  fake.stallAfter = undefined
}

test('killed while a mirror is made, and while one is brought up to date: nothing wrong stays', async (t) => {
  const fake = await startFakeGit(t)
  const repo = await fake.create('owner/repo')
  const first = await repo.commit({ 'large.txt': LARGE })
  const dataDir = join(await tempDir(t), 'data')
  await killDuringFetch(t, fake, { dataDir, oid: first })
  assert.equal(globSync('git/new-*', { cwd: dataDir }).length, 1)
  const second = await startGitLab(t, { url: fake.url, dataDir })
  assert.deepEqual(await second.git.mirrors.list(), [])
  assert.deepEqual(globSync('git/*.git', { cwd: dataDir }), [])
  assert.ok(hasPack(await askPack(second, fetchBody(first))))
  await second.close()
  const next = await repo.commit({ 'larger.txt': OTHER })
  await killDuringFetch(t, fake, { dataDir, oid: next })
  const third = await startGitLab(t, { url: fake.url, dataDir })
  const [mirror] = await third.git.mirrors.list()
  assert.ok(mirror !== undefined)
  assert.deepEqual(globSync('git/*.git/objects/pack/tmp_*', { cwd: dataDir }), [])
  const [folder = ''] = globSync('git/*.git', { cwd: dataDir })
  execFileSync('git', ['fsck', '--strict'], { cwd: join(dataDir, folder), stdio: 'pipe' })
  const before = fake.asked('fetch').length
  assert.ok(hasPack(await askPack(third, fetchBody(first))))
  assert.equal(fake.asked('fetch').length, before)
  assert.ok(hasPack(await askPack(third, fetchBody(next))))
  assert.equal((await third.git.mirrors.list())[0]?.bytes, await third.git.mirrors.bytes())
})

test('what is left of an eviction, or is no mirror, goes; locks of a git that was killed go too', async (t) => {
  const fake = await startFakeGit(t)
  const repo = await fake.create('owner/repo')
  const tip = await repo.commit({ 'a.txt': 'a' })
  const dataDir = join(await tempDir(t), 'data')
  const first = await startGitLab(t, { url: fake.url, dataDir })
  assert.ok(hasPack(await askPack(first, fetchBody(tip))))
  await first.close()
  const [folder = ''] = globSync('git/*.git', { cwd: dataDir })
  const path = join(dataDir, folder)
  // Killed between the two halves of an eviction; a copy under another name; a fetch that left its marks.
  cpSync(path, join(dataDir, 'trash', 'git-abc'), { recursive: true })
  cpSync(path, join(dataDir, 'git', `${'0'.repeat(40)}.git`), { recursive: true })
  mkdirSync(join(dataDir, 'git', 'strange'))
  for (const name of ['cachalot.busy', 'packed-refs.lock', 'refs/heads/main.lock', 'objects/pack/tmp_pack_x'])
    execFileSync('touch', [join(path, name)])
  const second = await startGitLab(t, { url: fake.url, dataDir })
  assert.deepEqual(readdirSync(join(dataDir, 'trash')), [])
  assert.equal((await second.git.mirrors.list()).length, 1)
  assert.deepEqual(globSync('git/*', { cwd: dataDir }), [folder])
  assert.ok(!existsSync(join(path, 'objects/pack/tmp_pack_x')))
  const next = await repo.commit({ 'a.txt': 'b' })
  const answer = await askPack(second, fetchBody(next))
  assert.equal(answer.headers['x-cache'], 'miss')
})
