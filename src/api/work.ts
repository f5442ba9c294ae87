import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import type { Access, Target } from '../domain/access.ts'
import { AppError } from '../domain/errors.ts'
import { because } from '../domain/reasons.ts'
import type { Watch } from '../jobs/watch.ts'
import { bodyOf, queryOf, stream } from './answer.ts'
import { targetsOf } from './asked-file.ts'
import { briefly, withoutSecrets } from './briefly.ts'
import type { FetchReport } from './contract-work.ts'
import { asDeed } from './deeds.ts'
import type { ApiDeps } from './deps.ts'
import { fetchFile } from './fetch-file.ts'
import { requireAsked } from './file-address.ts'
import { withProgress } from './job-rows.ts'
import { asWritten } from './pattern.ts'
import { parseName } from './selection.ts'
import { verifyScope } from './verify-scope.ts'
import { about, visitorOf } from './visitor.ts'

const bytes = z.number().int().nonnegative()
export const verifyAsk = z.strictObject({
  names: z.array(z.string()).default([]),
  repair: z.boolean().default(false),
  rate: bytes.default(0),
})
const globs = z.array(z.string().min(1).max(500)).max(100).default([])
export const fetchAsk = z.strictObject({
  names: z.array(z.string().max(2000)).min(1),
  platforms: z.array(z.string()).default([]),
  include: globs,
  exclude: globs,
})
export const jobsAsk = z.strictObject({ limit: z.coerce.number().int().min(1).max(500).default(50) })

export const stopAsk = z.strictObject({ id: z.number().int().nonnegative() })

/** Long work: verification, fetching; and what ran before. */
export function workRoutes(router: Router, deps: ApiDeps): void {
  const { verify, scheduler, index } = deps

  router.post('/verify', async (ctx) => {
    const { names, repair, rate } = await bodyOf(ctx, verifyAsk)
    if (repair) about(ctx, { action: 'verify.repair', target: briefly(asWritten(names)) })
    const only = names.length === 0 ? undefined : await verifyScope(deps, names)
    await stream(ctx, (watch) =>
      asDeed(deps, () =>
        scheduler.run('verify', 'operator', (inner) => verify.run({ only, repair, rate }, inner), watch),
      ),
    )
  })

  router.post('/fetch', async (ctx) => {
    const ask = await bodyOf(ctx, fetchAsk)
    about(ctx, { action: 'fetch', target: briefly(ask.names.map(withoutSecrets)) })
    for (const name of ask.names) requireFetch(ctx, deps, name)
    const { access } = visitorOf(ctx)
    await stream(ctx, (watch) => asDeed(deps, () => fetchAll(deps, { ...ask, access }, watch)))
  })

  router.get('/jobs', (ctx) => {
    const { limit } = queryOf(ctx, jobsAsk)
    ctx.body = { items: withProgress(index.jobRuns.list(limit), scheduler.running()) }
  })

  router.post('/jobs/stop', async (ctx) => {
    const { id } = await bodyOf(ctx, stopAsk)
    about(ctx, { action: 'job.stop', target: String(id) })
    ctx.body = { stopping: scheduler.end(id) }
  })
}

/** Throws AppError `denied` for what whoever asks may not pull, or what may not be kept. */
function requireFetch(ctx: Context, deps: ApiDeps, name: string): void {
  const { access } = visitorOf(ctx)
  const asked = requireAsked(name, deps.config())
  for (const target of asked === undefined ? [imageTarget(deps, name)] : targetsOf(asked)) {
    access.requirePull(target)
    if (!access.mayStore(target)) throw new AppError('denied', because('not_to_keep', { name: target.name }))
  }
}

function imageTarget(deps: ApiDeps, name: string): Target {
  const { route, reference } = parseName(deps, name)
  return { name: `${route.upstream.name}/${route.repository}`, reference: reference?.text ?? 'latest' }
}

interface FetchAll extends z.output<typeof fetchAsk> {
  readonly access: Access
}

async function fetchAll(deps: ApiDeps, ask: FetchAll, watch: Watch): Promise<readonly FetchReport[]> {
  const fetched: FetchReport[] = []
  for (const name of ask.names) {
    watch.signal.throwIfAborted()
    const asked = requireAsked(name, deps.config())
    fetched.push(
      asked === undefined
        ? await deps.fetcher.fetchImage(name, ask.platforms, withSubject(watch, name))
        : await fetchFile(deps, asked, { ...ask, watch }),
    )
  }
  return fetched
}

/** Of an image nobody knows its blobs by name. */
function withSubject(watch: Watch, subject: string): Watch {
  return { ...watch, progress: (step) => watch.progress({ ...step, subject }) }
}
