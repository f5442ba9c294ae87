import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import Database from 'better-sqlite3'
import { connectApi } from '../../src/api/client.ts'
import { socketAddress } from '../../src/api/socket.ts'
import type { Digest } from '../../src/domain/digest.ts'
import { du } from '../jobs/support.ts'
import type { AddedBlob } from '../support/fake-repositories.ts'
import { startFakeUpstream } from '../support/fake-upstream.ts'
import { fetchAll } from '../support/http.ts'
import { tempDir } from '../support/temp.ts'
import { createServerOn, type Server } from './process.ts'
import {
  addBlob,
  assertNoParts,
  assertStoreSound,
  assertWhole,
  blobFile,
  blobPath,
  blobRows,
  eventually,
  MIB,
  upstreamBodies,
} from './support.ts'

/** A process that was killed after it stored blobs, as many as fit. */
async function startKilled(t: TestContext, storage = {}) {
  const hub = await startFakeUpstream()
  const folder = await tempDir(t)
  const server = await createServerOn(folder, hub, { storage })
  t.after(async () => {
    await server.kill()
    await hub.close()
  })
  await server.start()
  const blobs = Array.from({ length: 6 }, () => addBlob(hub, MIB))
  for (const blob of blobs) await pullFrom(server, blob)
  await assertNoParts(server.dataDir)
  await server.kill()
  return { hub, folder, server, blobs }
}

async function pullFrom(server: Server, blob: AddedBlob) {
  const answer = await fetchAll(server.url + blobPath(blob.digest))
  assertWhole(answer, blob)
  return answer
}

/** What may befall the files beside the index of a process that was killed. */
const LOG_HARMS: readonly (readonly [string, (file: string) => Promise<unknown>])[] = [
  ['deleted', (file) => rm(`${file}-wal`)],
  [
    'deleted, with its index',
    async (file) => {
      await rm(`${file}-wal`)
      await rm(`${file}-shm`)
    },
  ],
  ['cut in half', async (file) => truncate(`${file}-wal`, (await stat(`${file}-wal`)).size / 2)],
  ['overwritten', (file) => writeFile(`${file}-wal`, Buffer.alloc(100_000, 'x'))],
  ['without its index', (file) => rm(`${file}-shm`)],
  ['with garbage for an index', (file) => writeFile(`${file}-shm`, Buffer.alloc(32_768, 'x'))],
]

/** As if it had been killed between rename and commit. */
function loseRow(dataDir: string, digest: Digest): void {
  const db = new Database(`${dataDir}/cachalot.db`)
  const bytes = Buffer.from(digest.slice(7), 'hex')
  db.prepare('DELETE FROM blobs WHERE digest = ?').run(bytes)
  db.prepare('DELETE FROM entries WHERE digest = ?').run(bytes)
  db.close()
}

const used = async ({ dataDir }: Server): Promise<number> => {
  const address = socketAddress(dataDir)
  try {
    return (await connectApi(address.path).get('/stats', {})).disk.used
  } finally {
    address.release()
  }
}

suite('after a kill', () => {
  test('a file without its row counts from the start on, is served, and is not fetched again', async (t) => {
    const { hub, server, blobs } = await startKilled(t)
    const [orphan] = blobs
    assert.ok(orphan)
    loseRow(server.dataDir, orphan.digest)
    await server.start()
    assert.equal(await used(server), await du(server.dataDir))
    assert.equal((await pullFrom(server, orphan)).headers['x-cache'], 'revalidated')
    assert.equal(upstreamBodies(hub, orphan.digest), 1)
    await assertStoreSound(server.dataDir)
  })

  test('a row without its file does not count, and is fetched again', async (t) => {
    const { hub, server, blobs } = await startKilled(t)
    const [lost] = blobs
    assert.ok(lost)
    await rm(blobFile(server.dataDir, lost.digest))
    await server.start()
    assert.equal(await used(server), await du(server.dataDir))
    await assertStoreSound(server.dataDir)
    assert.equal((await pullFrom(server, lost)).headers['x-cache'], 'miss')
    assert.equal(upstreamBodies(hub, lost.digest), 2)
  })

  test('what only looks like content is hashed before it is served', async (t) => {
    const { hub, server } = await startKilled(t)
    const blob = addBlob(hub, 50_000)
    const path = blobFile(server.dataDir, blob.digest)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, Buffer.alloc(50_000, 1))
    await server.start()
    assert.ok(blobRows(server.dataDir).has(blob.digest))
    assert.equal((await pullFrom(server, blob)).headers['x-cache'], 'miss')
    await assertStoreSound(server.dataDir)
  })

  test('max_size holds, whatever has no row', async (t) => {
    const { hub, server, blobs } = await startKilled(t, { max_size: String(6 * MIB) })
    for (const { digest } of blobs.slice(0, 4)) loseRow(server.dataDir, digest)
    await server.start()
    for (let i = 0; i < 6; i++) {
      const pulled = pullFrom(server, addBlob(hub, MIB))
      assert.ok((await du(server.dataDir)) <= 6 * MIB)
      await pulled
      assert.ok((await du(server.dataDir)) <= 6 * MIB)
    }
    await assertNoParts(server.dataDir)
    await assertStoreSound(server.dataDir)
    assert.equal(await used(server), await du(server.dataDir))
  })

  for (const [name, harm] of LOG_HARMS) {
    test(`with the log of the index ${name}, what is on disk is not fetched again`, async (t) => {
      const { hub, server, blobs } = await startKilled(t)
      await harm(`${server.dataDir}/cachalot.db`)
      await server.start()
      assert.equal(await used(server), await du(server.dataDir))
      for (const blob of blobs) {
        await pullFrom(server, blob)
        assert.equal(upstreamBodies(hub, blob.digest), 1)
      }
      await assertStoreSound(server.dataDir)
    })
  }

  test('a second process that takes over looks for what the first one left', async (t) => {
    const { hub, folder, server, blobs } = await startKilled(t)
    const [orphan] = blobs
    assert.ok(orphan)
    await server.start()
    const second = await createServerOn(folder, hub)
    t.after(() => second.kill())
    await second.start()
    // Before the second one looks, which it does as soon as the first has gone.
    loseRow(server.dataDir, orphan.digest)
    await server.kill()
    await eventually('it is found', () => blobRows(server.dataDir).has(orphan.digest))
    await assertStoreSound(server.dataDir)
    await eventually('its socket is there', () => existsSync(`${server.dataDir}/cachalot.sock`))
    await eventually('it counts', async () => (await used(second)) === (await du(server.dataDir)))
  })
})

test('after an orderly stop nothing is looked for', async (t) => {
  const { server } = await startKilled(t)
  await server.start()
  await eventually('it has looked', async () => (await jobs(server)).length === 1)
  await server.stop()
  await server.start()
  await fetchAll(`${server.url}/v2/`)
  assert.equal((await jobs(server)).length, 1)
})

async function jobs({ dataDir }: Server) {
  const address = socketAddress(dataDir)
  try {
    const { items } = await connectApi(address.path).get('/jobs', {})
    return items.filter(({ job, endedAt }) => job === 'sweep' && endedAt !== undefined)
  } finally {
    address.release()
  }
}
