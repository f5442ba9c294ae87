import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { assertWellFormed } from './well-formed.ts'

/** One request exactly as a client writes it. */
export interface Ask {
  readonly method?: 'GET' | 'HEAD' | 'POST'
  /** Raw, with its query. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** Closes the connection once so many bytes of the body are here. */
  readonly take?: number
}

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** As far as it was read. */
  readonly body: Buffer
  /** Whether all of it came, by its framing. */
  readonly whole: boolean
}

export interface Wire {
  /** Sends one request and checks that the answer breaks no client, whatever it says. */
  ask(ask: Ask): Promise<Reply>
  close(): void
}

const PATIENCE = 30_000

/**
 * A client program that speaks to `url`, "http://127.0.0.1:5000".
 * @param headers sent with every request, such as its User-Agent
 */
export function openWire(url: string, headers: Readonly<Record<string, string>>): Wire {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  return {
    async ask(ask) {
      const reply = await send(url, agent, { ...ask, headers: { ...headers, ...ask.headers } })
      assertWellFormed(ask, reply)
      return reply
    },
    close: () => agent.destroy(),
  }
}

async function send(url: string, agent: Agent, ask: Ask): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>()
  const { hostname, port } = new URL(url)
  // The path goes out as it stands; URL would write some of its characters in another way.
  const outgoing = request({
    host: hostname,
    port,
    agent,
    method: ask.method ?? 'GET',
    path: ask.path,
    headers: { ...ask.headers },
    timeout: PATIENCE,
  })
  outgoing.once('timeout', () => outgoing.destroy(new Error(`${ask.path}: silent for ${PATIENCE} ms`)))
  outgoing.once('error', reject)
  outgoing.once('response', (incoming) => {
    read(incoming, ask.take).then(resolve, reject)
  })
  outgoing.end()
  return await promise
}

async function read(incoming: IncomingMessage, take = Number.POSITIVE_INFINITY): Promise<Reply> {
  const chunks: Buffer[] = []
  let length = 0
  const { promise: end, resolve } = Promise.withResolvers<void>()
  incoming.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    length += chunk.length
    if (length >= take) incoming.destroy()
  })
  // A connection that ends early is an answer too: the caller sees that it is not whole.
  incoming.on('error', () => undefined)
  incoming.once('close', resolve)
  await end
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    body: Buffer.concat(chunks).subarray(0, take),
    whole: incoming.complete && length <= take,
  }
}
