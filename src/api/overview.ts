import type { Router } from '@koa/router'
import { z } from 'zod'
import { writeUses } from '../cache/uses.ts'
import type { RepositoryRow } from '../db/accounts/rows.ts'
import type { Totals } from '../db/accounts/totals.ts'
import type { TrafficSums } from '../db/traffic.ts'
import type { Access } from '../domain/access.ts'
import { queryOf } from './answer.ts'
import { createAttention } from './attention.ts'
import type { Events, KindDisk, Overview, Range } from './contract-activity.ts'
import { isFileKind, upstreamDisks } from './disks.ts'
import { liveOf } from './live.ts'
import { mirrorsOf } from './mirror-lines.ts'
import { seriesOf, shareOf, totalOf, windowOf } from './range.ts'
import { withShownSums } from './shown-sums.ts'
import { type Sight, sightOf } from './sight.ts'
import { upstreamRowsOf } from './upstreams.ts'
import { visitorOf } from './visitor.ts'
import type { WatchingDeps } from './watching-deps.ts'

export const rangeAsk = z.strictObject({ range: z.enum(['1h', '24h', '7d', '30d']).default('24h') })

export interface OverviewPart {
  routes(router: Router): void
  /** What changes from second to second; as much of it as somebody may know. */
  now(access: Access): Promise<Events['overview']>
}

/** How the cache is, in numbers. */
export function createOverview(deps: WatchingDeps): OverviewPart {
  const { index, clock } = deps
  const attention = createAttention(deps)

  const now = async (access: Access): Promise<Events['overview']> => ({
    disk: await diskOf(deps),
    active: activeOf(deps, access),
    attention: await attention(sightOf(access)),
  })
  const routes = (router: Router): void => {
    router.get('/overview', async (ctx) => {
      const { range } = queryOf(ctx, rangeAsk)
      const { access } = visitorOf(ctx)
      writeUses(index)
      const window = windowOf(range, clock())
      const { from, to, before } = window
      const [traffic, current, contents, upstreams] = await Promise.all([
        trafficOf(deps, range, before),
        now(access),
        contentsOf(deps, access),
        upstreamRowsOf(deps, sightOf(access)),
      ])
      const total = totalOf(traffic, from, to)
      const body: Overview = {
        range,
        ...current,
        hit: shareOf(total),
        hitBefore: shareOf(totalOf(traffic, before, from)),
        served: { bytes: total.bytes, requests: total.requests },
        fetched: { bytes: total.fetched, requests: total.fetches },
        ...contents,
        series: seriesOf(window, traffic),
        upstreams,
      }
      ctx.body = body
    })
    router.get('/series', async (ctx) => {
      const { range } = queryOf(ctx, rangeAsk)
      writeUses(index)
      const window = windowOf(range, clock())
      ctx.body = seriesOf(window, await trafficOf(deps, range, window.from))
    })
  }
  return { routes, now }
}

/** An hour is known by the minute, from memory; longer ranges by the hour. */
async function trafficOf(
  { index, clock }: WatchingDeps,
  range: Range,
  from: number,
): Promise<readonly TrafficSums[]> {
  if (range === '1h') return index.usage.minutes.since(from)
  return await index.clerk.ask('traffic', { from, to: windowOf(range, clock()).to })
}

async function diskOf({ config, parts, store, undoable }: WatchingDeps): Promise<Overview['disk']> {
  const { maxSize, evictTo } = config().storage
  const volumeFree = await store.freeBytes()
  return { used: parts.ledger.used, maxSize, evictTo, volumeFree, undoable: undoable() }
}

function activeOf(deps: WatchingDeps, access: Access): Overview['active'] {
  const { pulls, flights } = liveOf(deps, access)
  const running = pulls.filter(({ endedAt }) => endedAt === undefined)
  return {
    pulls: running.length,
    toClients: running.reduce((sum, { toClient }) => sum + toClient, 0),
    fromUpstreams: flights.reduce((sum, { rate }) => sum + rate, 0),
  }
}

type Contents = Pick<Overview, 'kinds' | 'mostServed' | 'biggest' | 'longestIdle' | 'images' | 'repositories'>

/** Names of each list. */
const MOST_NAMED = 5
const PAGE = 1000
/** For whom rules hide something, counts are made by hand, of no more repositories than that. */
const MOST_COUNTED = 20 * PAGE

async function contentsOf(deps: WatchingDeps, access: Access): Promise<Contents> {
  const { clerk } = deps.index
  const sight = sightOf(access)
  if (!sight.all) {
    const files = await topFiles(deps, sight)
    const shown = await withShownSums(deps, access, await shownRepositories(deps, sight))
    return {
      ...topOf([...shown, ...files]),
      // Not even how many there are is told of what somebody may not pull.
      kinds: [],
      images: shown.reduce((sum, { images }) => sum + images, 0),
      repositories: shown.length,
    }
  }
  // All are asked at once: between two questions the clerk may go on with something longer.
  const [files, lists, { total: images }, totals] = await Promise.all([
    topFiles(deps, sight),
    Promise.all(SORTS.map((sort) => clerk.ask('repositories', { sort, limit: MOST_NAMED }))),
    clerk.ask('images', { limit: 1 }),
    clerk.ask('totals', {}),
  ])
  return {
    ...topOf([...lists.flatMap(({ items }) => items), ...files]),
    kinds: await kindsOf(deps, images, totals),
    images,
    repositories: lists[0]?.total ?? 0,
  }
}

/** By what the three lists are sorted. */
const SORTS = ['-pulls', '-onlyHere', 'lastUsed'] as const
type Listed = Pick<RepositoryRow, 'name' | 'pulls' | 'onlyHere' | 'lastUsed'>

/** The first of each list; rows may be there several times. */
function topOf(rows: readonly Listed[]): Pick<Contents, 'mostServed' | 'biggest' | 'longestIdle'> {
  const all = [...new Map(rows.map((row) => [row.name, row])).values()]
  const top = (compare: (a: Listed, b: Listed) => number) => all.toSorted(compare).slice(0, MOST_NAMED)
  const served = top((a, b) => b.pulls - a.pulls).filter(({ pulls }) => pulls > 0)
  return {
    mostServed: served.map(({ name, pulls }) => ({ name, pulls })),
    biggest: top((a, b) => b.onlyHere - a.onlyHere).map(({ name, onlyHere }) => ({ name, onlyHere })),
    longestIdle: top((a, b) => a.lastUsed - b.lastUsed).map(({ name, lastUsed, onlyHere }) => ({
      name,
      lastUsed,
      onlyHere,
    })),
  }
}

/** Files that may be among the first of a list. */
async function topFiles(deps: WatchingDeps, sight: Sight): Promise<readonly Listed[]> {
  const mirrors = await mirrorsOf(deps)
  const limit = sight.all ? MOST_NAMED : PAGE
  const lists = SORTS.map((sort) => deps.index.clerk.ask('files', { sort, limit, pins: [], mirrors }))
  return (await Promise.all(lists)).flatMap(({ items }) => {
    const shown = items.filter(({ place: repository }) => sight.mayShow({ repository, reference: undefined }))
    return shown.slice(0, MOST_NAMED)
  })
}

async function kindsOf(
  { config, index, parts }: WatchingDeps,
  images: number,
  { upstreams, imageBytes }: Totals,
): Promise<readonly KindDisk[]> {
  const disks = await upstreamDisks({ config, index, parts }, upstreams)
  const files = disks.flatMap(({ upstream, files: count, bytes }): KindDisk[] =>
    isFileKind(upstream) && bytes > 0 ? [{ kind: upstream, count, bytes }] : [],
  )
  const all: KindDisk[] = [{ kind: 'images', count: images, bytes: imageBytes }, ...files]
  return all.filter(({ bytes }) => bytes > 0).toSorted((a, b) => b.bytes - a.bytes)
}

async function shownRepositories({ index }: WatchingDeps, sight: Sight): Promise<readonly RepositoryRow[]> {
  const shown: RepositoryRow[] = []
  let cursor: string | undefined
  for (let seen = 0; seen < MOST_COUNTED; seen += PAGE) {
    const ask = { limit: PAGE, ...(cursor === undefined ? {} : { cursor }) }
    const page = await index.clerk.ask('repositories', ask)
    shown.push(...page.items.filter(({ name }) => sight.mayShowName(name)))
    cursor = page.nextCursor
    if (cursor === undefined) break
  }
  return shown
}
