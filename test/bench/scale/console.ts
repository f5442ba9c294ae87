import type { ApiClient } from '../../../src/api/client.ts'
import { HOUR } from '../../../src/domain/clock.ts'
import { withApi } from '../api.ts'
import { percentile } from './pace.ts'

const ASKED = 60
const PREVIEWED = 5000
const PREVIEWS = 5
const SORTS = ['name', '-name', '-onlyHere', '-total', 'lastUsed', '-pulls', '-tags', 'firstCached']
const RANGES = ['1h', '24h', '7d', '30d'] as const
const BRANCHES = [undefined, 'docker.io', 'ghcr.io', 'quay.io/team-7', 'docker.io/team-3']

/** Milliseconds over HTTP, 95 of 100 took no longer; `first` is the first list after the start. */
export interface ConsoleTimes {
  readonly first: number
  readonly list: number
  readonly filter: number
  readonly tree: number
  readonly tags: number
  readonly untagged: number
  readonly overview: number
  readonly previewNames: number
  readonly previewFilter: number
}

/** Asks a server on a big index what the console's pages ask. */
export function timeConsole(root: string): Promise<ConsoleTimes> {
  return withApi(root, timeAll)
}

async function timeAll(api: ApiClient): Promise<ConsoleTimes> {
  const first = await timed(() => api.get('/repositories', { limit: 200 }))
  const largest = await largestRepositories(api)
  const pick = (at: number): string => largest[at % largest.length] ?? ''
  const coldest = await coldestTags(api, PREVIEWED * PREVIEWS)
  const names = coldest.map(({ name }) => name)
  const previewed = Math.min(PREVIEWED, Math.floor(names.length / PREVIEWS))
  const idle = hoursSince(coldest[2 * previewed]?.lastUsed)
  return {
    first,
    list: await p95((at) => api.get('/images', { limit: 200, sort: sortAt(at) })),
    filter: await p95((at) => api.get('/images', { limit: 200, sort: sortAt(at), ...filterAt(at) })),
    tree: await p95((at) => {
      const path = BRANCHES[at % BRANCHES.length]
      return api.get('/tree', path === undefined ? {} : { path })
    }),
    tags: await p95((at) => api.get('/tags', { name: pick(at), limit: 100 })),
    untagged: await p95((at) => api.get('/digests', { name: pick(at), limit: 100 })),
    overview: await p95((at) => api.get('/overview', { range: RANGES[at % RANGES.length] ?? '24h' })),
    previewNames: await p95(
      (at) => api.post('/selection', { names: names.slice(at * previewed, (at + 1) * previewed) }),
      PREVIEWS,
    ),
    previewFilter: await p95(
      (at) => api.post('/selection', { names: [], filter: `idle:${idle + at}h` }),
      PREVIEWS,
    ),
  }
}

function sortAt(at: number): string {
  return SORTS[at % SORTS.length] ?? 'name'
}

/** No two alike: an answer that was kept tells nothing. */
function filterAt(at: number): { filter?: string; q?: string } {
  if (at % 4 === 0) return { q: `v1${at}` }
  return { filter: [`idle:${at}d`, `>${at}MB`, `idle:${at}d only>${at}MB`][at % 3] ?? '' }
}

async function largestRepositories(api: ApiClient): Promise<readonly string[]> {
  const { items } = await api.get('/repositories', { sort: '-tags', limit: 20 })
  return items.map(({ name }) => name)
}

/** Images of all sizes and of very many repositories. */
async function coldestTags(api: ApiClient, count: number) {
  const tags: { readonly name: string; readonly lastUsed: number }[] = []
  let cursor: string | undefined
  do {
    const more = cursor === undefined ? {} : { cursor }
    const page = await api.get('/images', { sort: 'lastUsed', limit: 1000, filter: 'tagged', ...more })
    tags.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== undefined && tags.length < count)
  return tags
}

function hoursSince(time = 0): number {
  return Math.ceil((Date.now() - time) / HOUR)
}

async function timed(ask: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await ask()
  return performance.now() - began
}

async function p95(ask: (at: number) => Promise<unknown>, count = ASKED): Promise<number> {
  const times: number[] = []
  for (let at = 0; at < count; at++) times.push(await timed(() => ask(at)))
  return percentile(Float64Array.from(times).sort(), 0.95)
}
