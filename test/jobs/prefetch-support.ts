import type { PrefetchReport } from '../../src/api/contract-prefetch.ts'
import type { Cachalot, Table } from '../support/cachalot.ts'
import type { FakeUpstream } from '../support/fake-upstream.ts'
import { apiOf, last } from './support.ts'

/** Runs lists by hand to their end. */
export function runAll(
  cache: Cachalot,
  ask: { names?: readonly string[]; dryRun?: boolean } = {},
): Promise<readonly PrefetchReport[]> {
  return last(apiOf(cache).stream('/prefetch', ask))
}

/** The report of the only list there is. */
export async function runOne(cache: Cachalot, dryRun = false): Promise<PrefetchReport> {
  const [report] = await runAll(cache, { dryRun })
  if (report === undefined) throw new Error('no list ran')
  return report
}

/** The tables of a configuration with one list. */
export function listOf(
  refs: readonly string[],
  more: Table = {},
): { config: { prefetch: readonly Table[] } } {
  return { config: { prefetch: [{ name: 'base images', refs, platforms: ['linux/amd64'], ...more }] } }
}

/** Names by what became of them: "fetched app:1". */
export function rowsOf({ images }: PrefetchReport): readonly string[] {
  return images.map(({ name, state }) => `${state} ${name.replace(/^docker\.io\/library\//, '')}`)
}

/** Manifests that were got, and how many blobs. */
export function costOf({ requests }: FakeUpstream): { pulls: number; blobs: number } {
  const gets = requests.list().filter(({ method }) => method === 'GET')
  return {
    pulls: gets.filter(({ path }) => path.includes('/manifests/')).length,
    blobs: gets.filter(({ path }) => path.includes('/blobs/')).length,
  }
}
