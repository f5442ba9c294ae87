import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { digestOf, type Sha256 } from '../../src/domain/digest.ts'
import { createStore, type Store } from '../../src/store/store.ts'
import { tempDir } from '../support/temp.ts'

async function put(store: Store, bytes: Buffer): Promise<Sha256> {
  const part = await store.begin(`sha256-${digestOf(bytes).slice(7)}`, undefined)
  await part.write(bytes)
  await part.flushed()
  await part.verify(undefined)
  store.place(part, digestOf(bytes))
  part.release()
  return digestOf(bytes)
}

test('a blob is placed under its digest, opened, retired and gone', async (t) => {
  const store = createStore(await tempDir(t), () => true)
  const digest = await put(store, Buffer.from('content'))
  const file = await store.open(digest)
  assert.ok(file)
  assert.equal(file.size, 7)
  file.close()
  assert.equal(store.hasFile(digest), true)
  assert.deepEqual(await readdir(store.layout.parts), [])
  store.retire(digest)
  store.retire(digest)
  assert.equal(await store.open(digest), undefined)
  assert.equal((await readdir(store.layout.trash)).length, 1)
  await store.emptyTrash()
  assert.deepEqual(await readdir(store.layout.trash), [])
})

test('the stamp of a file stays the same until the file changes', async (t) => {
  const store = createStore(await tempDir(t), () => true)
  const bytes = Buffer.from('stamped')
  const part = await store.begin('sha256-s', undefined)
  await part.write(bytes)
  await part.flushed()
  await part.verify(undefined)
  const stamp = store.place(part, digestOf(bytes))
  part.release()
  const before = await store.open(digestOf(bytes))
  before?.close()
  assert.equal(before?.stamp, stamp)
  await writeFile(store.layout.blob(digestOf(bytes)), 'changed')
  const after = await store.open(digestOf(bytes))
  after?.close()
  assert.notEqual(after?.stamp, stamp)
})

test('what is no plain file is no blob', async (t) => {
  const store = createStore(await tempDir(t), () => true)
  const digest = (n: number): Sha256 => `sha256:${String(n).repeat(64)}`
  for (const n of [1, 2, 3, 4]) await mkdir(dirname(store.layout.blob(digest(n))), { recursive: true })
  await mkdir(store.layout.blob(digest(1)))
  await symlink('/etc/passwd', store.layout.blob(digest(2)))
  execFileSync('mkfifo', [store.layout.blob(digest(3))])
  await writeFile(dirname(store.layout.blob(digest(5))), 'a file where a folder should be')
  for (const n of [1, 2, 3, 4, 5]) assert.equal(await store.open(digest(n)), undefined, String(n))
})

test('folders that were retired leave the trash with everything in them', async (t) => {
  const store = createStore(await tempDir(t), () => true)
  const digest: Sha256 = `sha256:${'a'.repeat(64)}`
  await mkdir(join(store.layout.blob(digest), 'deep', 'er'), { recursive: true })
  store.retire(digest)
  await store.emptyTrash()
  assert.deepEqual(await readdir(store.layout.trash), [])
})

test('a file without a row becomes a part again, unless it is none', async (t) => {
  const store = createStore(await tempDir(t), () => true)
  const digest = await put(store, Buffer.alloc(5000, 1))
  await writeFile(store.layout.part('sha256-1'), Buffer.alloc(100))
  assert.equal(store.reclaim(digest, 'sha256-1'), 8192 - 4096)
  assert.equal((await readFile(store.layout.part('sha256-1'))).length, 5000)
  assert.equal(store.reclaim(digest, 'sha256-1'), 0)
  await mkdir(store.layout.blob(digest))
  assert.equal(store.reclaim(digest, 'sha256-2'), 0)
  assert.equal(existsSync(store.layout.part('sha256-2')), false)
  assert.equal(store.hasFile(digest), false)
})

test('who does not own the folder writes parts of its own and continues, reclaims and drops none', async (t) => {
  const folder = await tempDir(t)
  const owner = createStore(folder, () => true)
  const guest = createStore(folder, () => false)
  const mine = await owner.begin('sha256-p', undefined)
  await mine.write(Buffer.from('owner'))
  await mine.flushed()
  const theirs = await guest.begin('sha256-p', undefined)
  assert.notEqual(theirs.path, mine.path)
  assert.equal(theirs.size, 0)
  const digest = await put(owner, Buffer.from('a blob'))
  assert.equal(guest.reclaim(digest, 'sha256-q'), 0)
  assert.equal(guest.hasFile(digest), true)
  assert.equal(await dropAll(guest, 1e9), 0)
  for (const part of [mine, theirs]) part.release()
})

test('parts that nobody writes are dropped, oldest first; others stay', async (t) => {
  const store = createStore(await tempDir(t), () => true)
  for (const [name, age] of [
    ['sha256-new', 10],
    ['sha256-old', 1000],
    ['sha256-x.guest', 60],
    ['sha256-y.gone', 7200],
  ] as const) {
    await writeFile(store.layout.part(name), Buffer.alloc(4000))
    const at = Date.now() / 1000 - age
    await utimes(store.layout.part(name), at, at)
  }
  const part = await store.begin('sha256-busy', undefined)
  await part.write(Buffer.alloc(4000))
  await part.flushed()
  assert.equal(await store.partBytes(), 5 * 4096)
  assert.equal(await dropAll(store, 4097), 2 * 4096)
  assert.deepEqual((await readdir(store.layout.parts)).sort(), [
    'sha256-busy',
    'sha256-new',
    'sha256-x.guest',
  ])
  assert.equal(await dropAll(store, 1e9), 4096)
  await store.park(part)
  part.release()
  assert.equal(await dropAll(store, 1e9), 4096)
  assert.deepEqual(await readdir(store.layout.parts), ['sha256-x.guest'])
})

test('a sweep leaves what can be continued, and what another process may still write', async (t) => {
  const store = createStore(await tempDir(t), () => true)
  const names = [
    `sha256-${'a'.repeat(64)}`,
    'document-0123',
    'probe.1',
    `name-${'b'.repeat(64)}`,
    'sha256-c.old',
    'sha256-d.new',
  ]
  for (const name of names) await writeFile(store.layout.part(name), 'x')
  for (const name of ['probe.1', 'sha256-c.old']) await utimes(store.layout.part(name), 1, 1)
  await store.sweepParts()
  assert.deepEqual((await readdir(store.layout.parts)).sort(), [names[0], 'sha256-d.new'])
})

test('a probe leaves nothing behind and tells of a folder that cannot be written', async (t) => {
  const store = createStore(await tempDir(t), () => true)
  await store.probe()
  assert.deepEqual(await readdir(store.layout.parts), [])
  assert.ok((await store.freeBytes()) > 0)
  execFileSync('rm', ['-r', store.layout.parts])
  await assert.rejects(store.probe())
})

/** Drops parked parts, oldest first, until `bytes` are free; as eviction does. */
async function dropAll(store: Store, bytes: number): Promise<number> {
  let freed = 0
  for (const part of await store.parked()) if (freed < bytes) freed += await store.dropParked(part)
  return freed
}
