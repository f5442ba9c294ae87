import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { freePort } from './ports.ts'

/** Certificate and key in PEM. */
export interface TlsFiles {
  readonly key: string | Buffer
  readonly cert: string | Buffer
}

export interface ListenerOptions {
  /** An address of this machine, "127.0.0.1". */
  readonly address: string
  /** 0 picks a free one, which stays the same over stops and starts. */
  readonly port: number
  readonly tls: TlsFiles | undefined
  readonly handler: RequestListener
}

/** One HTTP server that can vanish and come back on its port. */
export interface Listener {
  /** "http://127.0.0.1:40001" */
  readonly url: string
  /** "127.0.0.1:40001" */
  readonly host: string
  /** Open connections. */
  connections(): number
  start(): Promise<void>
  /** From now on connections are refused; those that exist are destroyed. */
  stop(): Promise<void>
}

const numbers = new WeakMap<Socket, number>()
let lastNumber = 0

/** A number that is the same for the same connection and no other of this process. */
export function connectionNumber(socket: Socket): number {
  const known = numbers.get(socket)
  if (known !== undefined) return known
  lastNumber += 1
  numbers.set(socket, lastNumber)
  return lastNumber
}

/** A listener that is started already. */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const server = createHttpServer(options)
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  const own = options.port === 0 ? await freePort(options.address) : options.port
  await listen(server, own, options.address)
  // A TCP server that listens has an address with a port.
  const { port } = server.address() as AddressInfo
  const host = `${options.address}:${port}`
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://${host}`,
    host,
    connections: () => sockets.size,
    async start() {
      if (!server.listening) await listen(server, port, options.address)
    },
    async stop() {
      if (!server.listening) return
      const closed = new Promise((resolve) => server.close(resolve))
      const gone = [...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve)))
      for (const socket of sockets) socket.destroy()
      await Promise.all([closed, ...gone])
    },
  }
}

function createHttpServer({ tls, handler }: ListenerOptions): Server {
  const limits = { keepAliveTimeout: 60_000, requestTimeout: 0 }
  return tls === undefined
    ? createServer(limits, handler)
    : createTlsServer({ ...limits, key: tls.key, cert: tls.cert }, handler)
}

function listen(server: Server, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, address, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
