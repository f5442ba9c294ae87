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
  const guard = isSharing && ask.port !== 0 ? await claim(ask) : undefined
  const all: Server[] = guard === undefined ? [server] : [guard, server]
  const close = async (): Promise<void> => {
    await Promise.all(all.map(end))
  }
  try {
    const isShared = isSharing && (await listenShared(server, ask))
    if (!isShared) await listen(server, { host, port: ask.port, backlog: BACKLOG })
    // A listening TCP server has an address object.
    const { address, port } = server.address() as AddressInfo
    for (let more = 1; isShared && more < LISTENERS; more++) {
      const other = createServer(connection, (socket) => server.emit('connection', socket))
      all.push(other)
      await listen(other, { host: address, port, backlog: BACKLOG, reusePort: true })
    }
    return { port, close }
  } catch (error) {
    server.closeAllConnections()
    await close()
    throw error
  }
}

/** Of the systems that people run this on, Linux alone spreads connections over listeners. */
const isSharing = process.platform === 'linux'

/** False where the system does not know sharing after all. */
async function listenShared(server: Server, { host, port }: ListenAsk): Promise<boolean> {
  try {
    await listen(server, { host, port, backlog: BACKLOG, reusePort: true })
    return true
  } catch (error) {
    if (!/^(ENOTSUP|EOPNOTSUPP|ENOPROTOOPT|EINVAL)$/.test((error as NodeJS.ErrnoException).code ?? ''))
      throw error
    return false
  }
}

/**
 * Who shares a port gets part of somebody else's clients instead of an error: that must not come about by mistake. So
 * it is taken for this process alone first, and of two that come at once, one gets the name that goes with it.
 */
async function claim({ host, port }: ListenAsk): Promise<Server> {
  const name = forNobody()
  await listen(name, { path: `\0cachalot ${host} ${port}`, exclusive: true })
  try {
    const probe = forNobody()
    await listen(probe, { host, port, exclusive: true })
    await end(probe)
    return name
  } catch (error) {
    await end(name)
    throw error
  }
}

function forNobody(): Server {
  return createServer((socket) => socket.destroy())
}

function listen(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    // Stays: a connection that cannot be taken later is lost, and nothing else is.
    server.on('error', reject)
    server.listen(options, resolve)
  })
}

/** One that does not listen has ended. */
function end(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}
