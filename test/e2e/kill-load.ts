import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ApiClient, ApiFailure } from '../../src/api/client.ts'
import type { AddedBlob } from '../support/fake-repositories.ts'
import type { FakeUpstream } from '../support/fake-upstream.ts'
import { fetchAll } from '../support/http.ts'
import { pick, type Random } from './kill-random.ts'
import type { Server } from './process.ts'
import { addBlob, assertHonest, blobPath, KIB, MIB, manifestPath } from './support.ts'

export interface Wanted {
  readonly path: string
  readonly content: Pick<AddedBlob, 'digest' | 'size'>
}

/** What clients ask for: about three times what the cache may keep. */
export function fill(hub: FakeUpstream): readonly Wanted[] {
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

/** How far somebody has come, who goes on until told to stop. */
export interface Worker {
  readonly random: Random
  readonly signal: AbortSignal
  /** Something was done to its end. */
  readonly did: () => void
}

/** One client that asks for this and that. */
export async function pullAtRandom(server: Server, wanted: readonly Wanted[], worker: Worker): Promise<void> {
  const { random, signal, did } = worker
  while (!signal.aborted) {
    const one = pick(random, wanted)
    const answer = await fetchAll(server.url + one.path).catch(() => undefined)
    if (answer === undefined || answer.status === 0) await sleep(25)
    else if (assertHonest(answer, one.content) === 'whole') did()
    else assert.equal(answer.status, 200, answer.body.toString())
  }
}

/** What an operator does, each as often as it stands here. */
const DEEDS: readonly ((api: ApiClient, random: Random) => Promise<unknown>)[] = [
  (api) => through(api.stream('/gc', { dryRun: false })),
  (api) => through(api.stream('/gc', { dryRun: false, free: MIB, grace: 0 })),
  (api) => through(api.stream('/gc', { dryRun: false, free: 2 * MIB, grace: 0 })),
  (api) => through(api.stream('/gc', { dryRun: false, to: 0, grace: 0 })),
  (api) => through(api.stream('/gc', { dryRun: true, to: 0, grace: 0 })),
  (api) => through(api.stream('/verify', { names: [], repair: false, rate: 0 })),
  (api) => through(api.stream('/verify', { names: [], repair: true, rate: 0 })),
  (api, random) => api.post('/remove', { names: [`app:v${Math.floor(random() * 6)}`], dryRun: false }),
  (api) => api.get('/stats', {}),
]

async function through(lines: AsyncIterable<unknown>): Promise<void> {
  for await (const line of lines) void line
}

/** One operator at the socket. */
export async function operate(api: ApiClient, { random, signal, did }: Worker): Promise<void> {
  while (!signal.aborted) {
    try {
      await pick(random, DEEDS)(api, random)
      did()
    } catch (error) {
      // Killed, or not there yet; the job of the clock runs; the image left meanwhile.
      assert.ok(error instanceof ApiFailure, String(error))
      assert.ok(['cut', 'busy', 'not_found'].includes(error.code), `${error.code}: ${error.message}`)
      await sleep(25)
    }
  }
}
