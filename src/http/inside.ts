import { createServer, type IncomingMessage, request } from 'node:http'
import { type Duplex, duplexPair } from 'node:stream'
import type { Access } from '../domain/access.ts'
import { AppError } from '../domain/errors.ts'
import type { Log } from '../domain/log.ts'
import type { FrontEnd, Notes } from '../frontends/front-end.ts'
import type { AskInside, InsideAnswer, InsideAsk } from '../frontends/inside.ts'
import type { Door } from './gate.ts'
import { createPipeline } from './pipeline.ts'

/** One request under way. */
interface Visit {
  readonly access: Access
  readonly ended: PromiseWithResolvers<void>
  notes?: Notes
}

/** What links in documents lead to; whoever follows them looks at the path alone. */
const BASE = 'http://inside.invalid'

/**
 * The way to the front ends without a network: a request and its answer over a pair of streams, so that what is fetched
 * for nobody in particular is shared, judged and kept as what clients ask for. It is nobody's traffic: limits, statistics
 * and the list of clients do not know it, the log does.
 */
export function createInside(deps: {
  readonly frontEnds: readonly FrontEnd<unknown>[]
  readonly log: Log
}): AskInside {
  const visits = new WeakMap<object, Visit>()
  const visitOf = ({ socket }: Pick<IncomingMessage, 'socket'>): Visit => {
    const visit = visits.get(socket)
    if (visit === undefined) throw new Error('nobody asked for this inside')
    return visit
  }
  const handle = createPipeline({
    frontEnds: deps.frontEnds,
    fallback: (_req, res) => void res.writeHead(404).end(),
    door: doorOf((req) => visitOf(req).access),
    note: () => undefined,
    watch: ({ req, notes }) => {
      const visit = visitOf(req)
      visit.notes = notes
      return () => visit.ended.resolve()
    },
    log: deps.log,
  })
  // It listens nowhere.
  const server = createServer({ keepAlive: false }, handle)

  return async (ask) => {
    ask.signal.throwIfAborted()
    const [ours, theirs] = duplexPair()
    const visit: Visit = { access: ask.access, ended: Promise.withResolvers() }
    visits.set(theirs, visit)
    server.emit('connection', theirs)
    try {
      const { status, ...answer } = await read(ask, ours)
      // No front end took it, or it was no request to begin with.
      if (visit.notes === undefined) throw new AppError('not_found')
      // The answer is there before its notes are complete.
      await visit.ended.promise
      if (visit.notes.error !== undefined) throw visit.notes.error
      if (status >= 300) throw new AppError('not_found')
      return { ...answer, notes: visit.notes }
    } catch (error) {
      ask.signal.throwIfAborted()
      if (error instanceof AppError) throw error
      if (visit.notes === undefined) throw new AppError('bad_request', { cause: error })
      await visit.ended.promise
      throw visit.notes.error ?? error
    } finally {
      ours.destroy()
      theirs.destroy()
    }
  }
}

type Answered = Omit<InsideAnswer, 'notes'> & { readonly status: number }

async function read({ path, most, signal, took }: InsideAsk, connection: Duplex): Promise<Answered> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const headers = { host: 'inside.invalid', 'accept-encoding': 'identity' }
  const req = request({ createConnection: () => connection, path, headers, signal })
  // What breaks later is told by the answer.
  req.on('error', reject)
  req.once('response', resolve)
  req.end()
  const res = await promise
  const body = await take(res, { most, took })
  return { status: res.statusCode ?? 0, headers: plain(res.headers), body }
}

async function take(
  res: IncomingMessage,
  { most, took }: { most: number | undefined; took: InsideAsk['took'] },
): Promise<Buffer> {
  const stated = res.headers['content-length']
  const total = stated === undefined ? undefined : Number(stated)
  const pieces: Buffer[] = []
  let size = 0
  // A response without an encoding gives buffers.
  for await (const piece of res as AsyncIterable<Buffer>) {
    size += piece.length
    took?.(piece.length, total)
    if (most === undefined) continue
    if (size > most) throw new AppError('too_large', { message: 'the answer is longer than it may be' })
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

function plain(headers: IncomingMessage['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  )
}

/** Whoever stands here was let in elsewhere. */
function doorOf(accessOf: (req: IncomingMessage) => Access): Door {
  return {
    gate: ({ req }) => accessOf(req),
    clientAddress: () => '',
    limits: { enter: () => ({ settle: () => undefined }) },
    look: () => undefined,
    audit: { note: () => undefined },
    hasUsers: async () => false,
    realm: () => '',
    approach: { isSecure: () => false, baseOf: () => BASE, requireOwnHost: () => undefined },
  }
}
