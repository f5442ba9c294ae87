import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import type { Digest } from '../../src/domain/digest.ts'
import type { Cachalot } from '../support/cachalot.ts'
import type { AddedBlob } from '../support/fake-repositories.ts'
import type { FakeUpstream } from '../support/fake-upstream.ts'
import type { Fetched } from '../support/http.ts'
import { nextSeed } from '../support/oci-image.ts'

export const KIB = 1024
export const MIB = 1024 * KIB

/** A blob of `size` bytes that no other test has. */
export function addBlob(hub: FakeUpstream, size: number, repo = 'library/app'): AddedBlob {
  return hub.addBlob(repo, { size, seed: 50_000 + nextSeed() })
}

export const blobPath = (digest: Digest, repo = 'library/app'): string => `/v2/${repo}/blobs/${digest}`
export const manifestPath = (reference: string, repo = 'library/app'): string =>
  `/v2/${repo}/manifests/${reference}`

/** The answer is the whole blob, byte for byte. */
export function assertWhole(answer: Fetched, blob: { digest: Digest; size: number }): void {
  assert.equal(answer.status, 200, `${answer.status} ${answer.body.subarray(0, 300).toString()}`)
  assert.equal(answer.complete, true, `cut after ${answer.body.length} of ${blob.size} bytes`)
  assert.equal(answer.body.length, blob.size)
  assert.equal(digestOf(answer.body), blob.digest)
}

/** The whole blob, or no answer that could be taken for it: an error, or a body that breaks off. */
export function assertHonest(answer: Fetched, blob: { digest: Digest; size: number }): 'whole' | 'broken' {
  if (answer.status === 200 && answer.complete) {
    assertWhole(answer, blob)
    return 'whole'
  }
  if (answer.status === 200 || answer.status === 0) assert.equal(answer.complete, false)
  else assert.ok(answer.status >= 400, `status ${answer.status}`)
  return 'broken'
}

export function digestOf(bytes: Buffer): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** Every file has the content its name says, every row has its file and every file its row, once it is quiet. */
export async function assertStoreSound(dataDir: string): Promise<void> {
  await eventually('rows and files agree', async () => {
    const files = await blobFiles(dataDir)
    const rows = blobRows(dataDir)
    return files.length === rows.size && files.every(({ digest, size }) => rows.get(digest) === size)
  })
  for (const { path, digest } of await blobFiles(dataDir)) {
    assert.equal(digestOf(await readFile(path)), digest, path)
  }
}

/** Size by digest, as the index knows it. */
export function blobRows(dataDir: string): Map<Digest, number> {
  const db = new Database(join(dataDir, 'cachalot.db'), { readonly: true })
  try {
    const rows = db.prepare<[], { digest: Buffer; size: number }>('SELECT digest, size FROM blobs').all()
    return new Map(rows.map(({ digest, size }) => [`sha256:${digest.toString('hex')}`, size]))
  } finally {
    db.close()
  }
}

export async function blobFiles(dataDir: string): Promise<{ path: string; digest: Digest; size: number }[]> {
  const root = join(dataDir, 'blobs', 'sha256')
  const names = existsSync(root) ? await readdir(root, { recursive: true }) : []
  const files: { path: string; digest: Digest; size: number }[] = []
  for (const name of names) {
    const path = join(root, name)
    const stats = await stat(path).catch(() => undefined)
    if (stats?.isFile() !== true) continue
    files.push({ path, digest: `sha256:${name.slice(name.lastIndexOf('/') + 1)}`, size: stats.size })
  }
  return files
}

export const blobFile = (dataDir: string, digest: Digest): string =>
  join(dataDir, 'blobs', 'sha256', digest.slice(7, 9), digest.slice(7))

/** Names and sizes of the growing files. */
export async function parts(dataDir: string): Promise<{ name: string; size: number }[]> {
  const names = await readdir(join(dataDir, 'parts'))
  const sizes = names.map(async (name) => {
    const stats = await stat(join(dataDir, 'parts', name)).catch(() => undefined)
    return { name, size: stats?.size ?? 0 }
  })
  return await Promise.all(sizes)
}

/** Waits for what happens soon; fails with `what` when it does not happen. */
export async function eventually(
  what: string,
  check: () => boolean | Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  const until = performance.now() + timeoutMs
  while (!(await check())) {
    if (performance.now() > until) assert.fail(`not within ${timeoutMs} ms: ${what}`)
    await sleep(10)
  }
}

/** Body bytes of this blob that left the upstream, wherever from. */
export function upstreamBytes(hub: FakeUpstream, digest: Digest): number {
  return hub.requests.bytes({ ref: digest, method: 'GET' })
}

/** GETs of this blob that were answered with bytes of it. */
export function upstreamBodies(hub: FakeUpstream, digest: Digest): number {
  const answers = hub.requests.list({ ref: digest, method: 'GET' })
  return answers.filter(({ status, bytesSent }) => status < 300 && bytesSent > 0).length
}

/** Pulls a blob and checks it. */
export async function pull(cache: Cachalot, blob: AddedBlob, repo?: string): Promise<Fetched> {
  const answer = await cache.fetch(blobPath(blob.digest, repo))
  assertWhole(answer, blob)
  return answer
}

/** No download left anything growing behind, once it is quiet. */
export async function assertNoParts(dataDir: string): Promise<void> {
  await eventually('no part is left', async () => (await parts(dataDir)).length === 0)
}
