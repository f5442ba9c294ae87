import type http from 'node:http'
import type { Duplex } from 'node:stream'

export interface Connections {
  /** Whether an answer is on its way on this connection, its head sent and its end not. */
  isAnswering(socket: Duplex): boolean
  /** Ends every connection that owes nobody an answer, those that never asked anything too. */
  endIdle(): void
}

/** Watches which connections of a server are in the middle of an answer. */
export function watchConnections(server: http.Server): Connections {
  const answers = new Map<Duplex, Set<http.ServerResponse>>()
  server.on('connection', (socket) => {
    answers.set(socket, new Set())
    socket.once('close', () => answers.delete(socket))
  })
  // First in line: whatever handles the request may answer at once.
  server.prependListener('request', ({ socket }, res) => {
    const running = answers.get(socket)
    if (running === undefined) return
    // Looked through here, since a listener for the end of each answer costs more.
    for (const other of running) if (other.writableFinished) running.delete(other)
    running.add(res)
  })
  const running = (socket: Duplex): http.ServerResponse[] =>
    [...(answers.get(socket) ?? [])].filter((res) => !res.writableFinished)
  return {
    isAnswering: (socket) => running(socket).some((res) => res.headersSent),
    endIdle: () => {
      for (const socket of answers.keys()) if (running(socket).length === 0) socket.destroy()
    },
  }
}
