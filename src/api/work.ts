import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import { isSha256, parseDigest, type Sha256 } from '../domain/digest.ts'
import { AppError } from '../domain/errors.ts'
import { because } from '../domain/reasons.ts'
import type { FetchedImage } from '../frontends/oci/fetcher.ts'
import type { Watch } from '../jobs/watch.ts'
import { bodyOf, queryOf, stream } from './answer.ts'
import type { ApiDeps } from './deps.ts'
import { withProgress } from './job-rows.ts'
import { parseName, selectImages } from './selection.ts'
import { about, visitorOf } from './visitor.ts'

const bytes = z.number().int().nonnegative()
export const verifyAsk = z.strictObject({
  names: z.array(z.string()).default([]),
  repair: z.boolean().default(false),
  rate: bytes.default(0),
})
export const fetchAsk = z.strictObject({
  names: z.array(z.string()).min(1),
  platforms: z.array(z.string()).default([]),
})
export const jobsAsk = z.strictObject({ limit: z.coerce.number().int().min(1).max(500).default(50) })

export const stopAsk = z.strictObject({ id: z.number().int().nonnegative() })

/** Long work: verification, fetching; and what ran before. */
export function workRoutes(router: Router, deps: ApiDeps): void {
  const { verify, scheduler, index } = deps

  router.post('/verify', async (ctx) => {
    const { names, repair, rate } = await bodyOf(ctx, verifyAsk)
    if (repair) about(ctx, { action: 'verify.repair', target: names.join(' ') })
    const only = names.length === 0 ? undefined : await digestsOf(deps, names)
    await stream(ctx, (watch) =>
      scheduler.run('verify', 'operator', (inner) => verify.run({ only, repair, rate }, inner), watch),
    )
  })

  router.post('/fetch', async (ctx) => {
    const ask = await bodyOf(ctx, fetchAsk)
    about(ctx, { action: 'fetch', target: ask.names.join(' ') })
    for (const name of ask.names) requireFetch(ctx, deps, name)
    await stream(ctx, (watch) => fetchAll(deps, ask, watch))
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
  const { route, reference } = parseName(deps, name)
  const target = {
    name: `${route.upstream.name}/${route.repository}`,
    reference: reference?.text ?? 'latest',
  }
  access.requirePull(target)
  if (access.mayStore(target)) return
  throw new AppError('denied', because('not_to_keep', { name: target.name }))
}

async function fetchAll(
  { fetcher }: ApiDeps,
  { names, platforms }: z.output<typeof fetchAsk>,
  watch: Watch,
): Promise<readonly FetchedImage[]> {
  const fetched: FetchedImage[] = []
  for (const name of names) {
    watch.signal.throwIfAborted()
    const progress: Watch['progress'] = (step) => watch.progress({ ...step, subject: name })
    fetched.push(await fetcher.fetchImage(name, platforms, { signal: watch.signal, progress }))
  }
  return fetched
}

/** Everything the named images hold; a bare digest stands for itself. */
async function digestsOf(deps: ApiDeps, names: readonly string[]): Promise<readonly Sha256[]> {
  const bare = names.map(parseDigest).filter((digest) => digest !== undefined && isSha256(digest))
  const rest = names.filter((name) => parseDigest(name) === undefined)
  const { images, notFound } =
    rest.length === 0 ? { images: [], notFound: [] } : await selectImages(deps, { names: rest })
  const [missing] = notFound
  if (missing !== undefined) throw new AppError('not_found', because('not_cached', { name: missing }))
  const held = await deps.index.clerk.ask('held', {
    images: images.map(({ upstream, repository, digest }) => ({ upstream, repository, digest })),
  })
  return [...new Set([...bare.filter(isSha256), ...held])]
}
