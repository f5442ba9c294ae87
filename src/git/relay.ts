import { randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { AppError } from '../domain/errors.ts'
import { MIB } from '../domain/units.ts'
import type { OriginClient } from '../upstream/origin.ts'
import { type Bodies, createBodies } from './body.ts'
import type { Source } from './source.ts'

/** The way of one run of git to its upstream. */
export interface Way {
  readonly url: string
  /** A header that git has to send, so that nobody else on this machine can use it. */
  readonly header: string
  /** Why a request of it failed, if one did. */
  trouble(): unknown
  close(): void
}

export interface WayOptions {
  readonly source: Source
  /** Told of bytes that came, before they go on; what it throws ends the transfer. */
  readonly receive: (bytes: number) => Promise<void> | void
  readonly signal: AbortSignal
}

/**
 * git fetches from here, and what it asks goes out through the one client for all upstreams: with the check of addresses
 * where they are connected to, its certificates, proxies, limits and breakers. So git itself resolves no name, connects
 * to nothing but this machine, follows no redirect and knows no credentials.
 */
export interface Relay {
  open(options: WayOptions): Promise<Way>
  close(): Promise<void>
}

interface Ticket extends WayOptions {
  readonly secret: Buffer
  trouble: unknown
}

const NAME = 'x-cachalot-way'
const MOST_ASKED = 64 * MIB

export function createRelay(client: OriginClient): Relay {
  const tickets = new Map<string, Ticket>()
  const bodies = createBodies()
  let listening: Promise<Server> | undefined

  const handle = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const [, id = '', rest = ''] = /^\/([0-9a-f]+)\/repo\.git\/(.*)$/.exec(req.url ?? '') ?? []
    const ticket = tickets.get(id)
    if (ticket === undefined || !isRight(req.headers[NAME], ticket.secret)) {
      res.writeHead(404).end()
      return
    }
    try {
      await pass({ client, bodies, ticket, rest }, req, res)
    } catch (error) {
      ticket.trouble ??= error
      if (res.headersSent) res.destroy()
      else res.writeHead(502, { 'content-type': 'text/plain' }).end('the upstream failed\n')
    }
  }

  const listen = (): Promise<Server> => {
    const server = createServer((req, res) => void handle(req, res))
    server.unref()
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', () => resolve(server))
    })
  }

  return {
    open: async (options) => {
      listening ??= listen().catch((error: unknown) => {
        listening = undefined
        throw error
      })
      // A listening TCP server has an address object.
      const { port } = (await listening).address() as AddressInfo
      const id = randomBytes(8).toString('hex')
      const secret = randomBytes(16)
      const ticket: Ticket = { ...options, secret, trouble: undefined }
      tickets.set(id, ticket)
      return {
        url: `http://127.0.0.1:${port}/${id}/repo.git`,
        header: `${NAME}: ${secret.toString('hex')}`,
        trouble: () => ticket.trouble,
        close: () => void tickets.delete(id),
      }
    },
    close: async () => {
      const server = await listening
      if (server === undefined) return
      server.closeAllConnections()
      await new Promise((resolve) => {
        server.close(resolve)
      })
    },
  }
}

function isRight(given: string | string[] | undefined, secret: Buffer): boolean {
  const bytes = Buffer.from(typeof given === 'string' ? given : '', 'hex')
  return bytes.length === secret.length && timingSafeEqual(bytes, secret)
}

interface Passing {
  readonly client: OriginClient
  readonly bodies: Bodies
  readonly ticket: Ticket
  readonly rest: string
}

async function pass(
  { client, bodies, ticket, rest }: Passing,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const isPost = req.method === 'POST' && rest === 'git-upload-pack'
  if (!isPost && !(req.method === 'GET' && rest === 'info/refs?service=git-upload-pack'))
    throw new AppError('not_found', { message: 'git asked for something unknown' })
  const { source, signal, receive } = ticket
  const { 'git-protocol': protocol } = req.headers
  const read = isPost ? await bodies.read(req, MOST_ASKED) : undefined
  try {
    const { head, body } = await client.get(
      {
        upstream: source.upstream,
        path: `${source.path}/${rest}`,
        follow: false,
        ...(typeof protocol === 'string' ? { own: { 'git-protocol': protocol } } : {}),
        ...(read === undefined
          ? {}
          : { form: { type: String(req.headers['content-type']), text: read.bytes } }),
      },
      { signal },
    )
    if (head.status !== 200) {
      body.destroy()
      throw new AppError('upstream_invalid', { detail: { ...source, said: 'it moved' } })
    }
    res.writeHead(200, { 'content-type': head.contentType ?? 'application/octet-stream' })
    await pipeline(
      body,
      async function* counted(chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          await receive(chunk.length)
          yield chunk
        }
      },
      res,
      { signal },
    )
  } finally {
    read?.release()
  }
}
