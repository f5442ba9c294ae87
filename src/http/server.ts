import type http from 'node:http'
import { MINUTE, SECOND } from '../domain/clock.ts'
import { KIB } from '../domain/units.ts'
import { watchBodies } from './bodies.ts'
import { type ConnectionGate, guardConnections } from './connection-gate.ts'
import { type Connections, watchConnections } from './connections.ts'
import { type Listening, listenWidely } from './listening.ts'
import { hangUp, refuse } from './refusal.ts'
import {
  createHttpServer,
  exchangeCertificate,
  type Speech,
  speechOf,
  type TlsOptions,
  watchHandshakes,
} from './tls.ts'

export interface ServerOptions {
  readonly host: string
  readonly port: number
  readonly handle: http.RequestListener
  /** Without it, plain http is spoken. */
  readonly tls?: TlsOptions | undefined
  /** Who may connect; everybody, without it. */
  readonly gate?: ConnectionGate | undefined
  /** Where it is not the usual one. */
  readonly patience?: Patience | undefined
}

/** Milliseconds that clients may take to say what they want. How long they take to read is up to them. */
export interface Patience {
  /** For the head of a request, from its first byte on; for the first one, since the connection stands. */
  readonly head: number
  /** For a request with its body. */
  readonly whole: number
  /** How often it is looked at that. */
  readonly lookEvery: number
  /** For clients that were refused to hang up by themselves. */
  readonly farewell: number
}

export interface Server {
  readonly address: { readonly host: string; readonly port: number }
  /**
   * Takes another certificate into use, or begins or ends to speak TLS on the same port; answers under way go on.
   * Rejects where that cannot be, and goes on as before.
   */
  setTls(tls: TlsOptions | undefined): Promise<void>
  /** Takes no new requests, gives running answers `grace` ms, then cuts what is left. */
  close(grace: number): Promise<void>
}

/** Longer than Go's clients keep idle connections, so that they are never closed under a request. */
const KEEP_ALIVE = 130 * SECOND
const CONNECTION = { noDelay: true, highWaterMark: 64 * KIB }
const PATIENCE: Patience = {
  head: 30 * SECOND,
  whole: MINUTE,
  lookEvery: 5 * SECOND,
  farewell: 2 * SECOND,
}

/** Listens. Rejects with the error of `listen` (port in use, address not ours). */
export async function startServer(options: ServerOptions): Promise<Server> {
  let listener = await listen(options)
  let tls = options.tls
  const address = { host: options.host, port: listener.port }
  const retired = new Set<Listener>()

  /** What a listener speaks cannot change, so another one takes its place; its answers end in peace. */
  const replace = async (next: TlsOptions | undefined): Promise<void> => {
    const old = listener
    retired.add(old)
    void old.close(undefined).then(() => retired.delete(old))
    const again = { ...options, ...address }
    try {
      listener = await listen({ ...again, tls: next })
    } catch (error) {
      listener = await listen({ ...again, tls })
      throw error
    }
  }
  return {
    address,
    setTls: async (next) => {
      if (speechOf(next) !== listener.speech) await replace(next)
      else if (next !== undefined) listener.setTls(next)
      tls = next
    },
    close: async (grace) => {
      await Promise.all([...retired, listener].map((one) => one.close(grace)))
    },
  }
}

interface Listener {
  readonly speech: Speech
  readonly port: number
  setTls(tls: TlsOptions): void
  /** Ends when the last answer is out; after `grace` ms what is left is cut. More than one call is fine. */
  close(grace: number | undefined): Promise<void>
}

async function listen(options: ServerOptions): Promise<Listener> {
  const { handle, tls } = options
  let hsts = tls?.hsts
  const withHsts: http.RequestListener = (req, res) => {
    if (hsts !== undefined) res.setHeader('strict-transport-security', `max-age=${hsts}`)
    handle(req, res)
  }
  const patience = options.patience ?? PATIENCE
  const server = createHttpServer(serverOptions(patience), tls)
  const connections =
    tls === undefined
      ? watchConnections(server, handle)
      : withHandshakes(server, watchConnections(server, withHsts, 'secureConnection'))
  watchBodies(server, patience)
  server.on('clientError', (error, socket) => {
    if (connections.endsAfterAnswer(socket, () => hangUp(socket, patience.farewell))) return
    if (connections.isAnswering(socket)) socket.destroy()
    else refuse(error, socket, patience.farewell)
  })
  server.on('checkExpectation', (req, res) => server.emit('request', req, res))
  if (options.gate !== undefined) guardConnections(server, options.gate)
  const { host, port } = options
  const listening = await listenWidely(server, {
    host,
    port,
    connection: { ...CONNECTION, allowHalfOpen: tls === undefined },
  })
  return {
    speech: speechOf(tls),
    port: listening.port,
    setTls: (next) => {
      exchangeCertificate(server, next)
      hsts = next.hsts
    },
    close: (grace) => close({ server, listening, connections }, grace),
  }
}

function serverOptions({ head, lookEvery }: Patience): http.ServerOptions {
  return {
    keepAliveTimeout: KEEP_ALIVE,
    headersTimeout: head,
    // Looked at in bodies.ts, as some may take longer.
    requestTimeout: 0,
    connectionsCheckingInterval: lookEvery,
    ...CONNECTION,
    // Refused by the pipeline instead, in the registry's shape.
    requireHostHeader: false,
    // Said, so that no option of Node's can loosen it.
    insecureHTTPParser: false,
  }
}

/** Who has not finished the handshake owes and is owed nothing. */
function withHandshakes(server: http.Server, connections: Connections): Connections {
  const handshakes = watchHandshakes(server)
  const endIdle = (): void => {
    handshakes.end()
    connections.endIdle()
  }
  return { ...connections, endIdle }
}

interface Closing {
  readonly server: http.Server
  readonly listening: Listening
  readonly connections: Connections
}

async function close({ server, listening, connections }: Closing, grace: number | undefined): Promise<void> {
  const closed = listening.close()
  connections.endIdle()
  const timer = grace === undefined ? undefined : setTimeout(() => server.closeAllConnections(), grace)
  const sweep = setInterval(() => connections.endIdle(), 100)
  await closed
  clearTimeout(timer)
  clearInterval(sweep)
}
