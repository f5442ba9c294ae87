import type { ApiClient } from '../../../src/api/client.ts'
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
  const names = await tagNames(api, PREVIEWED * PREVIEWS)
  const previewed = Math.min(PREVIEWED, Math.floor(names.length / PREVIEWS))
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
      (at) => api.post('/selection', { names: [], filter: `idle:${330 + at}d` }),
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

/** Of images of all sizes and of very many repositories. */
async function tagNames(api: ApiClient, count: number): Promise<readonly string[]> {
  const names: string[] = []
  let cursor: string | undefined
  do {
    const more = cursor === undefined ? {} : { cursor }
    const page = await api.get('/images', { sort: 'lastUsed', limit: 1000, filter: 'tagged', ...more })
    names.push(...page.items.map(({ name }) => name))
    cursor = page.nextCursor
  } while (cursor !== undefined && names.length < count)
  return names
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
