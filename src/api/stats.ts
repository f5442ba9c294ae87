import type { Router } from '@koa/router'
import { z } from 'zod'
import { writeUses } from '../cache/uses.ts'
import { FETCHED, isFetched, isHit } from '../db/traffic.ts'
import { DAY } from '../domain/clock.ts'
import { queryOf } from './answer.ts'
import type { ApiDeps } from './deps.ts'
import { upstreamDisks } from './disks.ts'
import { seesAll } from './shown.ts'
import { visitorOf } from './visitor.ts'

export const statsAsk = z.strictObject({ since: z.coerce.number().int().nonnegative().optional() })

/** Disk and traffic at a glance; to whom rules hide something, numbers of what is kept would tell of it. */
export function statsRoutes(router: Router, deps: ApiDeps): void {
  router.get('/stats', async (ctx) => {
    const { since = deps.clock() - DAY } = queryOf(ctx, statsAsk)
    writeUses(deps.index)
    const totals = await deps.index.clerk.ask('totals', {})
    const isTold = seesAll(visitorOf(ctx).access)
    const { storage } = deps.config()
    const { ledger } = deps.parts
    const upstreams = isTold ? await upstreamDisks(deps, totals.upstreams) : []
    ctx.body = {
      disk: {
        path: isTold ? storage.path : '',
        used: ledger.used,
        reserved: ledger.reserved,
        maxSize: storage.maxSize,
        evictTo: storage.evictTo,
        minFree: storage.minFree,
        volumeFree: await deps.store.freeBytes(),
        blobs: isTold ? totals.blobs : 0,
        pinned: isTold ? totals.pinned : 0,
        pinnedBytes: isTold ? totals.pinnedBytes : 0,
        parts: await deps.store.partBytes(),
        index: await deps.store.indexBytes(),
        upstreams,
      },
      repositories: isTold ? totals.repositories : 0,
      tags: isTold ? totals.tags : 0,
      files: sumOf(upstreams, 'files'),
      since,
      traffic: isTold ? trafficOf(deps, since) : [],
      jobs: isTold ? deps.index.jobRuns.list(5) : [],
    }
  })
}

function trafficOf(deps: ApiDeps, since: number) {
  const groups = Map.groupBy(deps.index.usage.since(since), (row) => `${row.frontEnd} ${row.upstream}`)
  return [...groups.values()].flatMap((rows) => {
    const [first] = rows
    if (first === undefined) return []
    const answers = rows.filter(({ outcome }) => outcome !== FETCHED)
    const hits = answers.filter(({ outcome }) => isHit(outcome))
    return [
      {
        upstream: first.upstream,
        frontEnd: first.frontEnd,
        requests: sumOf(answers, 'requests'),
        bytes: sumOf(answers, 'bytes'),
        hitRequests: sumOf(hits, 'requests'),
        hitBytes: sumOf(hits, 'bytes'),
        fetched: sumOf(
          rows.filter(({ outcome }) => isFetched(outcome)),
          'bytes',
        ),
        limit: deps.rateLimit(first.upstream),
      },
    ]
  })
}

function sumOf<K extends string>(rows: readonly Readonly<Record<K, number>>[], field: K): number {
  return rows.reduce((sum, row) => sum + row[field], 0)
}
