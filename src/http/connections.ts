import type http from 'node:http'
import type { Duplex } from 'node:stream'

/** Requests that may wait for the answers before them; who sends more at once is cut off. */
const MOST_HELD = 16

export interface Connections {
  /** Whether an answer is on its way on this connection, its head sent and its end not. */
  isAnswering(socket: Duplex): boolean
  /**
   * Whether an answer on this connection has not begun yet. Then it comes first, and `end` is called when it is out;
   * whatever followed its request is not read.
   */
  endsAfterAnswer(socket: Duplex, end: () => void): boolean
  /** Ends every connection that owes nobody an answer, those that never asked anything too. */
  endIdle(): void
}

interface Connection {
  /** The answer that has the socket, or had it last. */
  current: http.ServerResponse | undefined
  /** The answer to the latest request; another one while requests wait. */
  last: http.ServerResponse | undefined
  held: number
}

/**
 * Hands each request of a server to `handle`, one after the other on each connection: Node gives out requests that
 * were sent at once before their answers have a socket, and such an answer would never learn that its client left.
 */
export function watchConnections(
  server: http.Server,
  handle: http.RequestListener,
  /** The event that brings the sockets requests come from: with TLS, that of a finished handshake. */
  arrival: 'connection' | 'secureConnection' = 'connection',
): Connections {
  const connections = new Map<Duplex, Connection>()
  server.on(arrival, (socket: Duplex) => {
    connections.set(socket, { current: undefined, last: undefined, held: 0 })
    socket.once('close', () => connections.delete(socket))
  })
  server.on('request', (req, res) => {
    const connection = connections.get(req.socket)
    // What was still being parsed when the connection was cut.
    if (connection === undefined || req.socket.destroyed) return
    const before = connection.last
    connection.last = res
    const start = (): void => {
      connection.current = res
      handle(req, res)
    }
    if (res.socket !== null || before === undefined) start()
    else hold({ connection, before, res, start })
  })
  return {
    isAnswering: (socket) => {
      const current = connections.get(socket)?.current
      return current?.headersSent === true && !current.writableFinished
    },
    endsAfterAnswer: (socket, end) => {
      const current = connections.get(socket)?.current
      if (current === undefined || current.headersSent) return false
      current.shouldKeepAlive = false
      current.once('finish', end)
      return true
    },
    endIdle: () => {
      for (const [socket, { last }] of connections) if (last?.writableFinished !== false) socket.destroy()
    },
  }
}

/** Starts once the answer before is out; never, when that one ended the connection. */
function hold({
  connection,
  before,
  res,
  start,
}: {
  connection: Connection
  before: http.ServerResponse
  res: http.ServerResponse
  start: () => void
}): void {
  if (connection.held >= MOST_HELD) {
    before.req.socket.destroy()
    return
  }
  connection.held++
  // Node's own listener comes first and hands the socket on.
  before.once('finish', () => {
    connection.held--
    if (res.socket !== null) start()
  })
}
