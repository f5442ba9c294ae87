import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import type { AddedBlob } from '../support/fake-repositories.ts'
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts'
import { fetchAll } from '../support/http.ts'
import { tempDir } from '../support/temp.ts'
import { createServerOn, type Server } from './process.ts'
import {
  addBlob,
  assertHonest,
  assertNoParts,
  assertStoreSound,
  assertWhole,
  blobPath,
  KIB,
  MIB,
  manifestPath,
} from './support.ts'

const ROUNDS = 100
/** A folder that is always full, so that landing and leaving go on at the same time. */
const MAX_SIZE = 8 * MIB

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function seedOf(t: TestContext): number {
  const seed = Number(process.env['CACHALOT_SEED'] ?? Date.now() % 1_000_000)
  t.diagnostic(`CACHALOT_SEED=${seed}`)
  return seed
}

interface Wanted {
  readonly path: string
  readonly content: Pick<AddedBlob, 'digest' | 'size'>
}

function fill(hub: FakeUpstream): readonly Wanted[] {
  const blobs = Array.from({ length: 40 }, (_, i) => addBlob(hub, 60 * KIB + i * 23 * KIB))
  const wanted: Wanted[] = blobs.map((content) => ({ path: blobPath(content.digest), content }))
  for (let i = 0; i < 6; i++) {
    const { manifest, layers } = hub.addImage('library/app', {
      tags: [`v${i}`],
      layers: [30 * KIB, 200 * KIB],
    })
    wanted.push({ path: manifestPath(`v${i}`), content: manifest })
    for (const content of layers) wanted.push({ path: blobPath(content.digest), content })
  }
  return wanted
}

/** One client that asks for this and that until told to stop; returns how often it got something whole. */
async function pullAtRandom(facts: {
  server: Server
  wanted: readonly Wanted[]
  random: () => number
  signal: AbortSignal
}): Promise<number> {
  const { server, wanted, random, signal } = facts
  let whole = 0
  while (!signal.aborted) {
    const one = wanted[Math.floor(random() * wanted.length)]
    assert.ok(one)
    const answer = await fetchAll(server.url + one.path).catch(() => undefined)
    if (answer === undefined || answer.status === 0) await sleep(10)
    else if (assertHonest(answer, one.content) === 'whole') whole++
    else assert.ok(answer.status === 200, `status ${answer.status}`)
  }
  return whole
}

test('killed a hundred times while content lands and leaves: every answer is right, and in the end rows are files', async (t) => {
  const random = createRandom(seedOf(t))
  const hub = await startFakeUpstream()
  const server = await createServerOn(await tempDir(t), hub, { storage: { max_size: String(MAX_SIZE) } })
  t.after(async () => {
    await server.kill()
    await hub.close()
  })
  const wanted = fill(hub)
  hub.bandwidth = 60 * MIB
  const before = performance.now()
  await server.start()
  const startMs = performance.now() - before
  await server.kill()

  let whole = 0
  for (let round = 0; round < ROUNDS; round++) {
    await server.launch()
    const stop = new AbortController()
    const clients = [1, 2, 3].map(() => pullAtRandom({ server, wanted, random, signal: stop.signal }))
    // Some are killed while they start.
    await sleep(startMs * 0.7 + random() * 200)
    await server.kill()
    stop.abort()
    for (const count of await Promise.all(clients)) whole += count
  }
  assert.ok(whole > ROUNDS, `${whole} pulls got through`)

  hub.bandwidth = undefined
  await server.start()
  for (const { path, content } of wanted) assertWhole(await fetchAll(server.url + path), content)
  await assertRightAtTheEnd(server)
})

/** Nothing is left over. When gc is there, files without rows that nobody asks for again are its work. */
async function assertRightAtTheEnd({ dataDir, output }: Server): Promise<void> {
  await assertStoreSound(dataDir)
  await assertNoParts(dataDir)
  assert.deepEqual(await readdir(join(dataDir, 'trash')), [])
  const odd = (await readdir(dataDir)).filter((name) => /half|restored|corrupt/.test(name))
  assert.deepEqual(odd, [])
  const db = new Database(join(dataDir, 'cachalot.db'), { readonly: true })
  assert.equal(db.pragma('integrity_check', { simple: true }), 'ok')
  db.close()
  assert.doesNotMatch(output(), /unhandled|uncaught|"error":"internal"|put back/i)
}
