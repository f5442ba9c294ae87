import type { Router } from '@koa/router'
import { z } from 'zod'
import { writeUses } from '../cache/uses.ts'
import type { UpstreamConfig } from '../config/config.ts'
import { FETCHED, isFetched, isHit } from '../db/traffic.ts'
import type { UsageRow } from '../db/usage.ts'
import { DAY } from '../domain/clock.ts'
import { AppError, ERRORS } from '../domain/errors.ts'
import { because } from '../domain/reasons.ts'
import { withoutControls } from '../domain/text.ts'
import type { Finding } from '../probe/finding.ts'
import { probeUpstream } from '../probe/upstream.ts'
import { bodyOf } from './answer.ts'
import type { FileHostRow, TestStep, UpstreamRow } from './contract-activity.ts'
import { type Sight, sightOf } from './sight.ts'
import { about, visitorOf } from './visitor.ts'
import type { UpstreamStanding, WatchingDeps } from './watching-deps.ts'

export const testAsk = z.strictObject({ name: z.string().min(1).max(300) })

/** Milliseconds until headers that somebody in front of a console would call slow. */
const SLOW = 1000
/** Failures in a row after which it is down also where it still answers. */
const MANY_FAILURES = 3

/** How the upstreams are. Looking asks none of them; the test does, because that is what its button says. */
export function upstreamRoutes(router: Router, deps: WatchingDeps): void {
  const tests = new Map<string, Promise<readonly TestStep[]>>()

  router.get('/upstreams', async (ctx) => {
    const sight = sightOf(visitorOf(ctx).access)
    ctx.body = { items: await upstreamRowsOf(deps, sight), hosts: fileHostRowsOf(deps, sight) }
  })
  router.post('/upstreams/test', async (ctx) => {
    const { name } = await bodyOf(ctx, testAsk)
    const upstream = deps.config().upstreams.find((one) => one.name === name)
    if (upstream === undefined)
      throw new AppError('name_unknown', because('no_upstream', { upstream: withoutControls(name) }))
    about(ctx, { action: 'upstream.test', target: name })
    // Whoever is impatient asks no faster.
    const test = tests.get(name) ?? probe(upstream, deps).finally(() => tests.delete(name))
    tests.set(name, test)
    ctx.body = { steps: await test }
  })
}

/** How each upstream is, as far as somebody may know. */
export async function upstreamRowsOf(deps: WatchingDeps, sight: Sight): Promise<readonly UpstreamRow[]> {
  writeUses(deps.index)
  const { upstreams } = await deps.index.clerk.ask('totals', {})
  const traffic = Map.groupBy(deps.index.usage.since(deps.clock() - DAY), (row) => row.upstream)
  return deps.config().upstreams.map((upstream): UpstreamRow => {
    const { name } = upstream
    const row = rowOf(deps, upstream, sight.isOperator)
    const bytes = upstreams.find((one) => one.upstream === name)?.bytes ?? 0
    return sight.all ? { ...row, ...sumUp(traffic.get(name) ?? []), bytes } : { ...row, ...UNTOLD }
  })
}

/** How the hosts of all but registries are, as far as somebody may know. */
function fileHostRowsOf(deps: WatchingDeps, sight: Sight): readonly FileHostRow[] {
  return deps.config().fileUpstreams.map((host): FileHostRow => {
    const { frontEnd, username, token } = host
    const hasLogin = username !== undefined || token !== undefined
    const row = { frontEnd, hasLogin, ...commonOf(deps, host, sight.isOperator) }
    const { url, limit, p50, p95 } = UNTOLD
    return sight.all ? row : { ...row, url, limit, p50, p95 }
  })
}

async function probe(upstream: UpstreamConfig, { clock }: WatchingDeps): Promise<readonly TestStep[]> {
  const { findings } = await probeUpstream(upstream, clock)
  return findings.map(toStep)
}

function toStep({ name, state, detail, advice, ms, says = {} }: Finding): TestStep {
  const { error, ...rest } = says
  // Names in certificates are the upstream's words.
  const said =
    error === undefined ? rest : { ...rest, error: { ...error, text: withoutControls(error.text) } }
  return { name, state, detail: withoutControls(detail), advice, ms, says: said }
}

/** To whom rules hide something, numbers of single upstreams would tell of it. */
const UNTOLD = {
  url: '',
  limit: undefined,
  p50: undefined,
  p95: undefined,
  requests: 0,
  hitRate: undefined,
  fetched: 0,
  bytes: 0,
  budget: 0,
} as const

type Own = Omit<UpstreamRow, 'requests' | 'hitRate' | 'fetched' | 'bytes'>

function rowOf(deps: WatchingDeps, upstream: UpstreamConfig, isOperator: boolean): Own {
  const { aliases, username, maxSize } = upstream
  return {
    isDefault: upstream.default,
    aliases,
    hasLogin: username !== undefined,
    ...commonOf(deps, upstream, isOperator),
    budget: maxSize,
  }
}

function commonOf(
  deps: WatchingDeps,
  { name, url }: { readonly name: string; readonly url: string },
  isOperator: boolean,
): Pick<UpstreamRow, 'name' | 'url' | 'health' | 'lastError' | 'p50' | 'p95' | 'limit'> {
  const standing = deps.standing(name)
  return {
    name,
    url: withoutLogin(url),
    health: healthOf(deps.health(name), standing),
    lastError: errorOf(standing, isOperator),
    p50: standing?.p50,
    p95: standing?.p95,
    limit: limitOf(deps, name),
  }
}

/** What we know of it without asking: from the calls that pulls made. */
export function healthOf(
  breaker: 'closed' | 'open' | 'due',
  standing: UpstreamStanding | undefined,
): UpstreamRow['health'] {
  const { failures = 0, p50 } = standing ?? {}
  if (failures >= MANY_FAILURES || (breaker !== 'closed' && failures > 0)) return 'down'
  // It rests, but never failed: it took longer than we had time for.
  if (breaker !== 'closed') return 'slow'
  if (p50 === undefined) return 'unknown'
  return p50 > SLOW ? 'slow' : 'ok'
}

/** The words of an upstream may name what others pull, so only operators read them. */
function errorOf(standing: UpstreamStanding | undefined, isOperator: boolean): UpstreamRow['lastError'] {
  const error = standing?.lastError
  if (error === undefined) return undefined
  const { at, code } = error
  const { message } = ERRORS[code]
  if (!isOperator || error.said === undefined) return { at, code, text: message, said: undefined }
  const said = withoutControls(error.said)
  return { at, code, text: `${message}: ${said}`, said }
}

/** What it said last, while it can still be so: nobody says when the window begins, only how long it is. */
export function limitOf(
  { rateLimit, clock }: Pick<WatchingDeps, 'rateLimit' | 'clock'>,
  upstream: string,
): UpstreamRow['limit'] {
  const limit = rateLimit(upstream)
  if (limit === undefined) return undefined
  const isOver = limit.window > 0 && clock() - limit.seenAt > limit.window * 1000
  return isOver ? undefined : limit
}

function sumUp(rows: readonly UsageRow[]): Pick<UpstreamRow, 'requests' | 'hitRate' | 'fetched'> {
  const answers = rows.filter(({ outcome }) => outcome !== FETCHED)
  const bytes = sumOf(answers, 'bytes')
  const hitBytes = sumOf(
    answers.filter(({ outcome }) => isHit(outcome)),
    'bytes',
  )
  const passed = rows.filter(({ outcome }) => isFetched(outcome))
  return {
    requests: sumOf(answers, 'requests'),
    hitRate: bytes === 0 ? undefined : hitBytes / bytes,
    fetched: sumOf(passed, 'bytes'),
  }
}

function sumOf(rows: readonly UsageRow[], field: 'requests' | 'bytes'): number {
  return rows.reduce((sum, row) => sum + row[field], 0)
}

/** The configuration refuses a login in an address; this one is shown. */
function withoutLogin(text: string): string {
  const url = new URL(text)
  url.username = ''
  url.password = ''
  return url.href.replace(/\/$/, '')
}
