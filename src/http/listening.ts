import type http from 'node:http'
import { type AddressInfo, createServer, type ListenOptions, type Server, type ServerOpts } from 'node:net'

/** Each takes one connection in a turn of the event loop: libuv does no more. */
const LISTENERS = 8
const BACKLOG = 1024

export interface ListenAsk {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  /** What connections of this server are made with. */
  readonly connection: ServerOpts
}

export interface Listening {
  readonly port: number
  /** Takes no more connections; settles when those that stand have ended. More than one call is fine. */
  close(): Promise<void>
}

/**
 * Lets a server listen on one port with several listeners. With one alone, hundreds of clients that come at once, while
 * many streams make each turn of the loop long, wait for a second until they are noticed. Rejects with the error of
 * `listen`, also where the process that has the port would share it.
 */
export async function listenWidely(server: http.Server, ask: ListenAsk): Promise<Listening> {
  const { host, connection } = ask
  // Of the systems that people run this on, Linux alone spreads connections over listeners.
  const isShared = process.platform === 'linux'
  if (isShared && ask.port !== 0) await requireFree(ask)
  const place = { host, backlog: BACKLOG, reusePort: isShared }
  await listen(server, { ...place, port: ask.port })
  // A listening TCP server has an address object.
  const { port } = server.address() as AddressInfo
  const others = isShared ? Array.from({ length: LISTENERS - 1 }, () => anotherFor(server, connection)) : []
  const close = async (): Promise<void> => {
    await Promise.all([server, ...others].map(end))
  }
  try {
    for (const other of others) await listen(other, { ...place, port })
  } catch (error) {
    await close()
    throw error
  }
  return { port, close }
}

function anotherFor(server: http.Server, connection: ServerOpts): Server {
  return createServer(connection, (socket) => server.emit('connection', socket))
}

/** Who shares a port gets part of somebody else's clients instead of an error: that must not come about by mistake. */
async function requireFree({ host, port }: ListenAsk): Promise<void> {
  const probe = createServer((socket) => socket.destroy())
  await listen(probe, { host, port, exclusive: true })
  await end(probe)
}

function listen(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    // Stays: a connection that cannot be taken later is lost, and nothing else is.
    server.on('error', reject)
    server.listen(options, resolve)
  })
}

function end(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}
