import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type ApiClient, connectApi } from '../../src/api/client.ts'
import type { Preview } from '../../src/api/contract-evict.ts'
import type { GcGoal, GcReport, VerifyAsk, VerifyReport } from '../../src/api/contract-work.ts'
import { socketAddress } from '../../src/api/socket.ts'
import { onDisk } from '../../src/domain/blocks.ts'
import { blobPath, manifestPath } from '../e2e/support.ts'
import type { Cachalot } from '../support/cachalot.ts'
import type { BuiltImage } from '../support/oci-image.ts'

/** The management API of a cache that runs. */
export function apiOf(cache: Cachalot): ApiClient {
  return connectApi(socketAddress(cache.dataDir).path)
}

/** What `du` says of the content: whole blocks of every file that is no part of the index. */
export async function du(dataDir: string): Promise<number> {
  let bytes = 0
  for (const name of await readdir(dataDir, { recursive: true })) {
    if (name.startsWith('cachalot.')) continue
    const stats = await lstat(join(dataDir, name)).catch(() => undefined)
    if (stats?.isFile() === true) bytes += onDisk(stats.size)
  }
  return bytes
}

/** Long work to its end. */
export async function last<T>(lines: AsyncIterable<{ type: string; result?: T }>): Promise<T> {
  let result: T | undefined
  for await (const line of lines) if (line.type === 'result') result = line.result
  if (result === undefined) throw new Error('the work said no result')
  return result
}

export function gc(cache: Cachalot, goal: GcGoal & { dryRun?: boolean } = {}): Promise<GcReport> {
  return last(apiOf(cache).stream('/gc', { dryRun: false, ...goal }))
}

export function verify(cache: Cachalot, ask: Partial<VerifyAsk> = {}): Promise<VerifyReport> {
  return last(apiOf(cache).stream('/verify', { names: [], repair: false, rate: 0, ...ask }))
}

export function remove(cache: Cachalot, names: readonly string[], dryRun = false): Promise<Preview> {
  return apiOf(cache).post('/remove', { names, dryRun })
}

/** Pulls an image as a client does: manifest by tag, config, layers. */
export async function pullImage(
  cache: Cachalot,
  image: BuiltImage,
  { repo, tag }: { repo: string; tag: string },
): Promise<void> {
  await cache.fetch(manifestPath(tag, repo))
  for (const blob of [image.config, ...image.layers]) await cache.fetch(blobPath(blob.digest, repo))
}
