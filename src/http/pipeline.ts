import type { IncomingMessage, ServerResponse } from 'node:http'
import { challengeOf } from '../auth/basic.ts'
import { redactKeys, withKey } from '../auth/key-text.ts'
import type { Access } from '../domain/access.ts'
import { AppError, type ErrorCode, toAppError } from '../domain/errors.ts'
import type { Log } from '../domain/log.ts'
import { principalName } from '../domain/principal.ts'
import type { Exchange, FrontEnd, Need } from '../frontends/front-end.ts'
import { type Asked, objectionTo, readRequest } from './asked.ts'
import { type Charge, costOf } from './charge.ts'
import { fileCheckAnswer, fileCheckIn } from './file-check.ts'
import type { Door } from './gate.ts'
import { createRequestId } from './request-id.ts'
import { logRequest } from './request-log.ts'
import type { PlaceOf } from './virtual-hosts.ts'

export interface PipelineDeps {
  readonly frontEnds: readonly FrontEnd<unknown>[]
  /** Everything that is no protocol: pages, health, API. */
  readonly fallback: (req: IncomingMessage, res: ServerResponse) => void
  readonly door: Door
  /** Hosts below which there is one protocol alone. */
  readonly placeOf?: PlaceOf
  /** Counts an answer that names an upstream. */
  readonly note: (traffic: { frontEnd: string; upstream: string; outcome: string; bytes: number }) => void
  /** Told of every request of a protocol; what it gives back is called with the milliseconds the answer took. */
  readonly watch?: (asked: Arrival) => (ms: number) => void
  readonly log: Log
}

/** Takes every request from the socket to the end of its answer. The only place that writes errors and log lines. */
export function createPipeline(deps: PipelineDeps): (req: IncomingMessage, res: ServerResponse) => void {
  const nextId = createRequestId()
  const { placeOf = nowhere } = deps
  return (req, res) => {
    const startedAt = performance.now()
    const asked = readRequest(req, placeOf)
    const client = deps.door.clientAddress(req)
    const arrival: Arrival = { req, res, client, id: nextId(), line: asked.line, notes: { bytes: 0 } }
    deps.door.look(req, client)
    const claimed = claim(deps.frontEnds, arrival)
    if (claimed === undefined) return asked.place === undefined ? deps.fallback(req, res) : sendNothing(res)
    const visit: Visit = { ...asked, ...claimed, arrival, client }
    const ended = deps.watch?.(arrival)
    const done = (): void => {
      const ms = performance.now() - startedAt
      count(arrival, claimed.frontEnd.name, deps.note)
      ended?.(ms)
      logRequest(deps.log, arrival, { client, ms })
    }
    void run(deps.door, visit).then(done)
  }
}

const nowhere: PlaceOf = () => undefined

/** Pages and API are not for hosts that belong to a protocol. */
function sendNothing(res: ServerResponse): void {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' }
  res.writeHead(404, headers).end('nothing here\n')
}

/** A request of which nobody knows yet who sent it. */
interface Arrival extends Omit<Exchange, 'access' | 'withKey' | 'urlOf'> {
  /** Address. */
  readonly client: string
}

function count({ notes }: Arrival, frontEnd: string, note: PipelineDeps['note']): void {
  const { upstream, outcome, bytes } = notes
  if (upstream !== undefined && outcome !== undefined) note({ frontEnd, upstream, outcome, bytes })
}

interface Claimed {
  readonly frontEnd: FrontEnd<unknown>
  /** The operation, or the error that parsing it gave. */
  readonly op: { readonly ok: unknown } | { readonly error: AppError }
  readonly need: Need
}

interface Visit extends Asked, Claimed {
  readonly arrival: Arrival
  readonly client: string
}

/** The front end whose path this is. A malformed path is claimed too, so that it is refused in that protocol. */
function claim(frontEnds: readonly FrontEnd<unknown>[], { req, line }: Arrival): Claimed | undefined {
  const [first] = frontEnds
  const error = objectionTo(req)
  if (error !== undefined && first !== undefined) return { frontEnd: first, op: { error }, need: 'pull' }
  for (const frontEnd of frontEnds) {
    try {
      const ok = frontEnd.parse(line)
      if (ok !== undefined) return { frontEnd, op: { ok }, need: frontEnd.needOf(ok) }
    } catch (error) {
      return { frontEnd, op: { error: toAppError(error) }, need: 'pull' }
    }
  }
  return undefined
}

async function run(door: Door, visit: Visit): Promise<void> {
  const { arrival, client } = visit
  let charge: Charge | undefined
  try {
    charge = door.limits.enter(client)
    await admitAndServe(door, visit)
  } catch (error) {
    fail(door, visit, toAppError(error))
  } finally {
    const { outcome, error } = arrival.notes
    const hasCredentials = visit.key !== undefined || arrival.req.headers.authorization !== undefined
    charge?.settle(costOf({ outcome, error, hasCredentials }))
    if (visit.need === 'operator') noteDeletion(door, visit)
  }
}

/** Nothing of a request is looked at before it is known who sent it, not even whether it makes sense. */
async function admitAndServe(door: Door, visit: Visit): Promise<void> {
  const { frontEnd, op, need, arrival, client, key } = visit
  const found = door.gate({ req: arrival.req, address: client, key, isLogin: need !== 'pull' })
  // Bytes behind a request must not be judged before it is answered.
  const access = found instanceof Promise ? await found : found
  if (access.principal.kind !== 'anonymous') arrival.notes.who = principalName(access.principal)
  if (need === 'operator') await requireOperator(door, access)
  const { path } = arrival.line
  const check = fileCheckIn({ frontEnd: frontEnd.name, path, isHost: visit.place !== undefined })
  if (check !== undefined) {
    arrival.notes.check = check
    throw fileCheckAnswer()
  }
  if ('error' in op) throw op.error
  await frontEnd.serve(op.ok, { ...arrival, access, ...addressing(door, visit) })
}

/** How clients have to ask for what is ours. */
function addressing(
  { approach }: Door,
  { arrival, path, place }: Visit,
): Pick<Exchange, 'withKey' | 'urlOf'> {
  const { req } = arrival
  const own: Exchange['withKey'] = (ours) => withKey(path, place === undefined ? ours : place.leave(ours))
  const base = (): string => {
    const published = approach.baseOf(req)
    // A virtual host is ours because it is configured; public_url is another one.
    return place === undefined ? published : `${new URL(published).protocol}//${req.headers.host}`
  }
  return { withKey: own, urlOf: (ours) => base() + own(ours) }
}

/** Where nobody has a password, nobody is asked for one. */
async function requireOperator(door: Door, access: Access): Promise<void> {
  if (access.principal.kind === 'anonymous' && !(await door.hasUsers()))
    throw new AppError('denied', { message: 'only operators may evict, and there are no users here' })
  access.requireRole('operator')
}

function fail({ realm }: Door, { frontEnd, arrival }: Visit, error: AppError): void {
  const { res, notes } = arrival
  notes.error = error
  notes.cut = res.headersSent || res.destroyed
  if (notes.cut) {
    res.destroy()
    return
  }
  const challenge = CHALLENGES[error.code]?.(realm())
  if (challenge !== undefined) res.setHeader('www-authenticate', challenge)
  frontEnd.fail(error, arrival)
}

/**
 * What a client needs to know to come in (RFC 9110 §11.6.1). Where a key is refused no password helps, and one must not
 * be asked for: Docker would answer with that of Docker Hub.
 */
const CHALLENGES: Partial<Record<ErrorCode, (realm: string) => string>> = {
  unauthorized: (realm) => challengeOf('Basic', realm),
  key_refused: (realm) => challengeOf('PullKey', realm),
}

/** What clients change is written down, and who tried to. Of who is nobody in particular the log tells enough. */
function noteDeletion({ audit }: Door, { arrival, client }: Visit): void {
  const { who, name, error } = arrival.notes
  if (who === undefined) return
  const target = name ?? redactKeys(arrival.line.path)
  const outcome = error === undefined ? 'ok' : error.facts.status < 500 ? 'refused' : 'failed'
  audit.note({
    who,
    address: client,
    action: 'evict',
    target,
    outcome,
    detail: error && redactKeys(error.message),
  })
}
