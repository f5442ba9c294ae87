import type { Router } from '@koa/router'
import { z } from 'zod'
import { agentOf } from '../activity/agent.ts'
import type { Client } from '../activity/clients.ts'
import type { PullView } from '../activity/pull.ts'
import type { Answered } from '../activity/requests.ts'
import { type SplitName, splitName } from '../activity/running.ts'
import { redactKeys } from '../auth/key-text.ts'
import type { Access } from '../domain/access.ts'
import { type EntryKey, keyName, repositoryName } from '../domain/names.ts'
import { isProtocolName } from '../domain/protocol-names.ts'
import { withoutControls } from '../domain/text.ts'
import { queryOf } from './answer.ts'
import type { ClientRow, Live, LiveFlight, LivePull, RequestRow } from './contract-activity.ts'
import { type Sight, sightOf } from './sight.ts'
import { visitorOf } from './visitor.ts'
import type { WatchingDeps } from './watching-deps.ts'

type LiveDeps = Pick<WatchingDeps, 'activity' | 'parts'>

export const requestsAsk = z.strictObject({
  q: z.string().max(300).optional(),
  repository: z.string().max(1000).optional(),
  outcome: z.enum(['hit', 'miss', 'joined', 'revalidated', 'stale', 'bypass', 'none']).optional(),
  status: z
    .string()
    .regex(/^[1-5](?:xx|\d\d)$/)
    .optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(40).optional(),
})

/** Pulls, requests and clients, as far as whoever asks may know of them. */
export function liveRoutes(router: Router, deps: LiveDeps): void {
  const { activity } = deps
  router.get('/live', (ctx) => {
    ctx.body = liveOf(deps, visitorOf(ctx).access)
  })
  router.get('/requests', (ctx) => {
    const { limit, cursor, ...filter } = queryOf(ctx, requestsAsk)
    const sight = sightOf(visitorOf(ctx).access)
    const masked = (request: Answered) => ({ ...request, ...personOf(sight, request) })
    const matches = (request: Answered): boolean =>
      isShown(sight, request) && isAskedFor(masked(request), filter)
    const { items, nextCursor } = activity.requests.page({ matches, limit, cursor })
    ctx.body = {
      items: items.map((one) => toRequestRow(masked(one))),
      nextCursor,
      missed: sight.all ? activity.missed : 0,
    }
  })
  router.get('/clients', (ctx) => {
    ctx.body = { items: activity.clients().map(toClientRow) }
  })
}

/** What is under way at this moment. */
export function liveOf({ activity, parts }: LiveDeps, access: Access): Live {
  const sight = sightOf(access)
  const pulls = activity.pulls().filter(({ view }) => sight.mayShow(view))
  const readers = activity.readers().map(splitName).filter(sight.mayShow)
  const flights = parts.flights.list().flatMap((flight): LiveFlight[] => {
    const key = flight.names.find((name) => sight.mayShow(splitKey(name)))
    if (key === undefined) return []
    const { digest } = flight.want
    const { progress } = flight
    const count = readers.filter(({ reference }) => reference === digest).length
    const rate = activity.rates.of(flight, progress.done)
    return [{ digest, name: clean(keyName(key)), ...progress, readers: count, rate }]
  })
  return {
    pulls: pulls.map(({ view, rate }) => toLivePull({ ...view, ...personOf(sight, view) }, rate)),
    flights,
  }
}

/** As rules see it: they know no single files. */
function splitKey(key: EntryKey): SplitName {
  return { repository: repositoryName(key), reference: key.frontEnd === 'oci' ? key.ref : undefined }
}

/** Of which nobody knows what it is about, or whose, tells what others asked for. */
function isShown(sight: Sight, request: Answered): boolean {
  const { name, target, upstream } = request
  const isKnown = upstream !== undefined && (target !== undefined || !isProtocolName(name))
  return sight.all || (isKnown && sight.mayShow(splitRequest(request)))
}

function splitRequest({ name, target }: Pick<Answered, 'name' | 'target'>): SplitName {
  return target === undefined ? splitName(name) : { repository: target, reference: undefined }
}

/** Who pulls what from where. */
interface Person {
  readonly client: string | undefined
  readonly who: string | undefined
  readonly userAgent: string | undefined
}
type Masked<T> = Omit<T, keyof Person> & Person

const SOMEBODY: Person = { client: undefined, who: undefined, userAgent: undefined }

/** For operators; others know that of what they did themselves. */
function personOf(sight: Sight, { client, who, userAgent }: Person): Person {
  return sight.isOperator || sight.isOwn(who) ? { client, who, userAgent } : SOMEBODY
}

function isAskedFor(
  { name, target, client, who, status, outcome }: Masked<Answered>,
  ask: Omit<z.output<typeof requestsAsk>, 'limit' | 'cursor'>,
): boolean {
  const text = ask.q?.toLowerCase()
  if (text !== undefined && ![name, client ?? '', who ?? ''].some((one) => one.toLowerCase().includes(text)))
    return false
  if (ask.repository !== undefined && splitRequest({ name, target }).repository !== ask.repository)
    return false
  if (ask.outcome !== undefined && (outcome ?? 'none') !== ask.outcome) return false
  if (ask.status === undefined) return true
  return ask.status.endsWith('xx') ? ask.status[0] === String(status)[0] : ask.status === String(status)
}

/** Fit to be shown: what clients say may hold anything, also a key in the wrong place. */
function clean(text: string): string {
  return withoutControls(redactKeys(text))
}

function agentText(userAgent: string | undefined): string | undefined {
  return userAgent === undefined ? undefined : clean(agentOf(userAgent).text)
}

function toLivePull(
  { repository, reference, userAgent, client, bytes: _bytes, ...view }: Masked<PullView>,
  rate: number,
): LivePull {
  const name = reference === undefined ? repository : titleOf(repository, reference)
  return { ...view, client, agent: agentText(userAgent), name: clean(name), toClient: rate }
}

function titleOf(repository: string, reference: string): string {
  return `${repository}${reference.includes(':') ? '@' : ':'}${reference}`
}

function toRequestRow({
  userAgent,
  client,
  upstream: _upstream,
  target: _target,
  name,
  ...request
}: Masked<Answered>): RequestRow {
  return { ...request, client, name: clean(name), agent: agentText(userAgent) }
}

function toClientRow({ address, userAgent, lastName, ...client }: Client): ClientRow {
  const { kind, text } = agentOf(userAgent)
  const said = { kind, agent: clean(text), userAgent: clean(userAgent) }
  return { ...client, ...said, client: address, lastName: clean(lastName) }
}
