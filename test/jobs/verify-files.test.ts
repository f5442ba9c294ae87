import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { MINUTE } from '../../src/domain/clock.ts'
import { digestOf } from '../../src/domain/digest.ts'
import { missing } from '../clients/process.ts'
import { assertStoreSound, blobFile } from '../e2e/support.ts'
import { fakeClock } from '../support/clock.ts'
import { type FileLab, fill, get, here, MODULE, startFileLab } from './file-support.ts'
import { apiOf, verify } from './support.ts'

const skip = missing('git')
const ZIP = `/go/${MODULE}/@v/v1.0.0.zip`
const RELEASE = '/https://github.com/owner/repo/releases/download/v1/tool.tgz'

/** Harms the content under a path of ours; returns its digest. */
async function harm({ cache }: FileLab, path: string): Promise<string> {
  const { body } = await cache.fetch(path, { lint: false })
  const digest = digestOf(body)
  const file = blobFile(cache.dataDir, digest)
  const bytes = await readFile(file)
  bytes[7] = (bytes[7] ?? 0) ^ 1
  await writeFile(file, bytes)
  return digest
}

async function startFilled(t: Parameters<typeof startFileLab>[0], withMirror = false) {
  const clock = fakeClock()
  const lab = await startFileLab(t, { clock })
  const names = await fill(lab, { withMirror })
  clock.advance(MINUTE)
  return { clock, lab, names }
}

suite('a check of files', () => {
  test('finds what is damaged under the names that people know; the next request fetches it', async (t) => {
    const { lab, names } = await startFilled(t)
    const file = `/hf/org/model/resolve/${names.commit}/model.safetensors`
    const whole = await lab.cache.fetch(file, { lint: false })
    const digest = await harm(lab, file)
    const { problems, mirrors } = await verify(lab.cache)
    assert.deepEqual(problems, [{ digest, problem: 'damaged', names: [names.weights], repaired: false }])
    assert.equal(mirrors, 0)
    const again = await lab.cache.fetch(file, { lint: false })
    assert.equal(again.headers['x-cache'], 'miss')
    assert.ok(again.body.equals(whole.body))
    await assertStoreSound(lab.cache.dataDir)
    assert.deepEqual((await verify(lab.cache)).problems, [])
  })

  test('mends each of them as a client would have it fetched', async (t) => {
    const { lab, names } = await startFilled(t)
    const paths = [`/hf/org/model/resolve/${names.commit}/config.json`, ZIP, RELEASE]
    for (const path of paths) await harm(lab, path)
    const { problems } = await verify(lab.cache, { repair: true })
    assert.deepEqual(
      problems.map((problem) => [problem.problem, problem.repaired, problem.why]),
      paths.map(() => ['damaged', true, undefined]),
    )
    for (const path of paths) assert.equal(await get(lab, path), 'hit')
    await assertStoreSound(lab.cache.dataDir)
  })

  test('a module that is another one by now stays refused: its first hash counts', async (t) => {
    const { lab, names } = await startFilled(t)
    await harm(lab, ZIP)
    lab.go.publish({ module: MODULE, version: 'v1.0.0', files: { 'other.txt': 'other' } })
    const [problem] = (await verify(lab.cache, { names: [names.version], repair: true })).problems
    assert.ok(problem)
    assert.equal(problem.repaired, false)
    assert.match(problem.why ?? '', /not the zip that was fetched first/)
    assert.equal((await lab.cache.fetch(ZIP, { lint: false })).status, 502)
    assert.ok(lab.cache.log.find(/a version changed/).length > 0)
  })

  test('a file without a digest upstream that is another one by now is fetched, and that is said', async (t) => {
    const { lab, names } = await startFilled(t)
    await harm(lab, RELEASE)
    lab.github.release('owner/repo', 'v1', 'tool.tgz', Buffer.from('another one'))
    const [problem] = (await verify(lab.cache, { repair: true })).problems
    assert.deepEqual(problem?.names, [names.release])
    assert.match(problem.why ?? '', /something else under that name/)
    assert.equal((await lab.cache.fetch(RELEASE, { lint: false })).body.toString(), 'another one')
  })

  test('of names reads what they hold and no more', async (t) => {
    const { lab, names } = await startFilled(t)
    await harm(lab, RELEASE)
    const clean = await verify(lab.cache, { names: [names.version, 'hf:org/model'] })
    assert.deepEqual(clean.problems, [])
    assert.ok(clean.blobs >= 5)
    assert.equal((await verify(lab.cache, { names: [names.release] })).problems.length, 1)
    await assert.rejects(verify(lab.cache, { names: ['hf:org/absent'] }), { code: 'not_found' })
    await assert.rejects(verify(lab.cache, { names: [`git:${lab.gitHost}/a/b`] }), { code: 'not_found' })
  })
})

suite('a check of mirrors', () => {
  async function harmMirror({ cache }: FileLab): Promise<void> {
    const [pack] = globSync(join(cache.dataDir, 'git', '*.git', 'objects', 'pack', '*.pack'))
    assert.ok(pack)
    await chmod(pack, 0o644)
    const bytes = await readFile(pack)
    const at = Math.floor(bytes.length / 2)
    bytes[at] = (bytes[at] ?? 0) ^ 1
    await writeFile(pack, bytes)
  }

  test('reads all of them, in a whole run and by name', { skip }, async (t) => {
    const { lab, names } = await startFilled(t, true)
    const { items } = await apiOf(lab.cache).get('/files', { kind: 'git' })
    const { mirrors, problems, bytes } = await verify(lab.cache)
    assert.deepEqual([mirrors, problems], [1, []])
    assert.ok(bytes > (items[0]?.total ?? 0))
    const one = await verify(lab.cache, { names: [names.mirror] })
    assert.deepEqual([one.blobs, one.mirrors, one.problems], [0, 1, []])
  })

  test('takes a damaged one away', { skip }, async (t) => {
    const { lab, names } = await startFilled(t, true)
    await harmMirror(lab)
    const damaged = { digest: names.mirror, problem: 'damaged', names: [names.mirror] }
    assert.deepEqual((await verify(lab.cache)).problems, [{ ...damaged, repaired: false }])
    assert.deepEqual(await here(lab, [names.mirror]), [])
    const { disk } = await apiOf(lab.cache).get('/stats', {})
    assert.equal(disk.upstreams.find(({ upstream }) => upstream === 'git')?.files ?? 0, 0)
  })

  test('makes a damaged one anew where it mends', { skip }, async (t) => {
    const { lab, names } = await startFilled(t, true)
    await harmMirror(lab)
    const { problems } = await verify(lab.cache, { repair: true })
    assert.deepEqual(
      problems.map(({ repaired }) => repaired),
      [true],
    )
    assert.deepEqual(await here(lab, [names.mirror]), [names.mirror])
    assert.deepEqual((await verify(lab.cache)).problems, [])
  })
})
