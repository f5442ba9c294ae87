import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import {
  chmod,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { suite, test } from 'node:test'
import { startPair } from '../support/cachalot.ts'
import {
  addBlob,
  assertNoParts,
  assertStoreSound,
  assertWhole,
  blobFile,
  blobPath,
  eventually,
  manifestPath,
  pull,
  upstreamBodies,
} from './support.ts'

/** What may happen to a file behind our back. The path is of a stored blob. */
const DAMAGE: readonly [string, (path: string) => Promise<unknown>][] = [
  ['truncated', (path) => truncate(path, 1000)],
  ['one byte short', async (path) => truncate(path, (await readFile(path)).length - 1)],
  ['one byte long', async (path) => writeFile(path, Buffer.concat([await readFile(path), Buffer.from('x')]))],
  ['emptied', (path) => truncate(path, 0)],
  ['deleted', (path) => rm(path)],
  ['deleted with its folder', (path) => rm(dirname(path), { recursive: true })],
  [
    'replaced by a folder',
    async (path) => {
      await rm(path)
      await mkdir(join(path, 'deeper'), { recursive: true })
      await writeFile(join(path, 'deeper', 'file'), 'x')
    },
  ],
  [
    'replaced by a link',
    async (path) => {
      await rename(path, `${path}.elsewhere`)
      await symlink('/etc/passwd', path)
      await rm(`${path}.elsewhere`)
    },
  ],
  ['the first byte flipped', (path) => flip(path, 0)],
  ['the last byte flipped', (path) => flip(path, -1)],
  [
    'replaced by as many other bytes',
    async (path) => writeFile(path, Buffer.alloc((await readFile(path)).length, 7)),
  ],
]

async function flip(path: string, at: number): Promise<void> {
  const bytes = await readFile(path)
  const i = at < 0 ? bytes.length + at : at
  bytes[i] = (bytes[i] ?? 0) ^ 1
  await writeFile(path, bytes)
}

for (const size of [20_000, 900_000]) {
  suite(`a stored blob of ${size} bytes`, () => {
    for (const [name, damage] of DAMAGE) {
      test(`${name}: this very pull gets the right bytes, and the store is whole again`, async (t) => {
        const { hub, cache } = await startPair(t)
        const blob = addBlob(hub, size)
        await pull(cache, blob)
        await assertStoreSound(cache.dataDir)
        await assertNoParts(cache.dataDir)
        await cache.close()
        await damage(blobFile(cache.dataDir, blob.digest))
        await cache.restart()
        const answers = await Promise.all([1, 2, 3, 4].map(() => cache.fetch(blobPath(blob.digest))))
        for (const answer of answers) assertWhole(answer, blob)
        assert.equal(upstreamBodies(hub, blob.digest), 2)
        await assertStoreSound(cache.dataDir)
        assert.equal((await pull(cache, blob)).headers['x-cache'], 'hit')
        assert.equal(upstreamBodies(hub, blob.digest), 2)
        assert.deepEqual(await readdir(join(cache.dataDir, 'trash')), [])
      })
    }

    test('touched but unchanged is hashed once more, and kept', async (t) => {
      const { hub, cache } = await startPair(t)
      const blob = addBlob(hub, size)
      await pull(cache, blob)
      await assertNoParts(cache.dataDir)
      await cache.restart()
      const path = blobFile(cache.dataDir, blob.digest)
      await utimes(path, 1, 1)
      await chmod(path, 0o600)
      const answers = await Promise.all([1, 2, 3, 4].map(() => cache.fetch(blobPath(blob.digest))))
      for (const answer of answers) assertWhole(answer, blob)
      assert.equal(upstreamBodies(hub, blob.digest), 1)
      assert.equal(cache.log.find(/fetched again/).length, 0)
    })
  })
}

test('a damaged manifest is fetched again in the same request, by tag and by digest', async (t) => {
  const { hub, cache } = await startPair(t)
  const { manifest } = hub.addImage('library/app', { tags: ['1'] })
  for (const reference of ['1', manifest.digest]) {
    await cache.fetch(manifestPath('1'))
    await cache.restart()
    await flip(blobFile(cache.dataDir, manifest.digest), 10)
    assertWhole(await cache.fetch(manifestPath(reference)), manifest)
    await assertStoreSound(cache.dataDir)
  }
})

test('a damaged blob whose upstream is down is an error, never wrong bytes', async (t) => {
  const { hub, cache } = await startPair(t)
  const blob = addBlob(hub, 900_000)
  await pull(cache, blob)
  await assertNoParts(cache.dataDir)
  await cache.restart()
  await flip(blobFile(cache.dataDir, blob.digest), 450_000)
  await hub.stop()
  assert.ok((await cache.fetch(blobPath(blob.digest))).status >= 500)
  await hub.start()
  await eventually(
    'the upstream is asked again',
    async () => (await cache.fetch(blobPath(blob.digest))).complete,
  )
  await pull(cache, blob)
  await assertStoreSound(cache.dataDir)
})

test('a file that a crash left without its row is used, not fetched', async (t) => {
  const { hub, cache } = await startPair(t)
  const blob = addBlob(hub, 900_000)
  await pull(cache, blob)
  await assertNoParts(cache.dataDir)
  await cache.close()
  await rm(join(cache.dataDir, 'cachalot.db'))
  await cache.restart()
  await pull(cache, blob)
  assert.equal(upstreamBodies(hub, blob.digest), 1)
  await assertStoreSound(cache.dataDir)
})

test('what a crash left in the trash is removed at the next start', async (t) => {
  const { cache } = await startPair(t)
  await cache.close()
  await writeFile(join(cache.dataDir, 'trash', `${'a'.repeat(64)}.123`), 'x')
  await cache.restart()
  await eventually('it is gone', () => !existsSync(join(cache.dataDir, 'trash', `${'a'.repeat(64)}.123`)))
})
