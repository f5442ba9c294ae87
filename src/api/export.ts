import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import { AppError } from '../domain/errors.ts'
import { type ByteRange, parseRange, resolveRange, WHOLE } from '../domain/range.ts'
import { sendRun } from '../frontends/send-run.ts'
import type { Packed } from '../packages/collect.ts'
import type { Plan } from '../packages/plan.ts'
import { queryOf } from './answer.ts'
import type { ExportImage, ExportPlan } from './contract-packages.ts'
import type { ApiDeps } from './deps.ts'
import { visitorOf } from './visitor.ts'

const MOST = 100
const name = z.string().min(1).max(512)
const asked = { name: z.union([name, z.array(name).max(MOST)]), platform: z.string().max(100).optional() }
export const exportAsk = z.strictObject(asked)
export const planAsk = z.strictObject({ ...asked, checksum: z.enum(['known', 'compute']).default('known') })

/** Images as one archive. Whoever may pull all of them may have it. */
export function exportRoutes(router: Router, deps: ApiDeps): void {
  const planOf = (ctx: Context, ask: z.output<typeof exportAsk>): Promise<Plan> =>
    deps.exports.plan({ names: [ask.name].flat(), platform: ask.platform, access: visitorOf(ctx).access })

  router.get('/export/plan', async (ctx) => {
    const ask = queryOf(ctx, planAsk)
    const plan = await planOf(ctx, ask)
    if (ask.checksum === 'compute') await deps.exports.compute(plan, leavingOf(ctx))
    ctx.body = describe(deps, plan)
  })

  router.get('/export', async (ctx) => {
    const plan = await planOf(ctx, queryOf(ctx, exportAsk))
    await send(ctx, deps, plan)
  })
}

function leavingOf({ res }: Context): AbortSignal {
  const leaving = new AbortController()
  res.once('close', () => leaving.abort(new AppError('shutting_down', { message: 'interrupted' })))
  return leaving.signal
}

function describe({ exports }: ApiDeps, plan: Plan): ExportPlan {
  const { size, head, etag, images, blobs } = plan
  return {
    file: fileNameOf(plan),
    size,
    missing: exports.missing(plan),
    head,
    etag,
    sha256: exports.checksum(plan),
    images: images.map(describeImage),
    blobs: blobs.length,
  }
}

function describeImage({ name: title, root, platforms, documents, blobs }: Packed): ExportImage {
  const manifests = documents.reduce((sum, { bytes }) => sum + bytes.length, 0)
  const layers = new Map(documents.flatMap((doc) => doc.manifest.layers.map((one) => [one.digest, one])))
  const isZstd = [...layers.values()].some(({ mediaType }) => mediaType?.endsWith('zstd') === true)
  return {
    name: title,
    digest: root.digest,
    platforms,
    size: blobs.reduce((sum, { size }) => sum + size, manifests),
    layers: layers.size,
    zstd: isZstd,
  }
}

/** "nginx_1.27_linux-amd64.tar": letters that every file system takes. */
function fileNameOf({ images }: Plan): string {
  const [first] = images
  if (first === undefined || images.length > 1) return `images-${images.length}.tar`
  const { repository, tag, root, platforms } = first
  const version = tag ?? root.digest.slice('sha256:'.length, 'sha256:'.length + 12)
  const words = [repository.split('/').at(-1) ?? '', version, platforms.length > 1 ? 'all' : platforms[0]]
  const known = words.filter((word) => word !== undefined && word !== '')
  return `${known.join('_').replaceAll(/[^\w.+-]/g, '-')}.tar`
}

/** The archive, or the range of it that is asked for. */
async function send(ctx: Context, { exports, log }: ApiDeps, plan: Plan): Promise<void> {
  const checksum = exports.checksum(plan)
  ctx.set({
    'content-type': 'application/x-tar',
    'content-disposition': `attachment; filename="${fileNameOf(plan)}"`,
    'accept-ranges': 'bytes',
    etag: `"${plan.etag}"`,
    ...(checksum === undefined ? {} : { 'x-checksum-sha256': checksum }),
  })
  const range = rangeOf(ctx, plan)
  const { start, end } = range ?? { start: 0, end: plan.size - 1 }
  ctx.set('content-length', String(end + 1 - start))
  if (range !== undefined) ctx.set('content-range', `bytes ${start}-${end}/${plan.size}`)
  const { res } = ctx
  ctx.respond = false
  if (ctx.method === 'HEAD') {
    res.writeHead(200).end()
    return
  }
  const opened = exports.open(plan, { start, end })
  const run = range === undefined && checksum === undefined ? exports.learning(plan, opened) : opened
  res.writeHead(range === undefined ? 200 : 206)
  res.flushHeaders()
  try {
    if (await sendRun(res, run, { bytes: 0 })) res.end()
  } catch (error) {
    // The head is out: that it is not whole is all that can still be said.
    res.destroy()
    log.warn(
      { event: 'export', images: plan.images.map((image) => image.name), err: error },
      'an export was cut',
    )
  }
}

/** Undefined: all of it. Several ranges are answered with all of it, too. */
function rangeOf(ctx: Context, { size, etag }: Plan): ByteRange | undefined {
  const validator = ctx.get('if-range')
  const isOther = validator !== '' && validator !== `"${etag}"`
  if (ctx.method === 'HEAD' || isOther) return undefined
  const header = ctx.get('range')
  const answer = resolveRange(header === '' ? WHOLE : parseRange(header), size)
  if (answer.kind === 'single') return answer.range
  if (answer.kind !== 'unsatisfiable') return undefined
  ctx.set('content-range', `bytes */${size}`)
  ctx.remove('content-disposition')
  throw new AppError('range_invalid')
}
