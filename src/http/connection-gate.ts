import type http from 'node:http'
import type { Socket } from 'node:net'

/** Counts a connection of this peer until the function it gives is called, once. Undefined: too many. */
export type ConnectionGate = (peer: string) => (() => void) | undefined

/**
 * Puts a gate before everything that already listens for connections of this server. Whoever does not pass is
 * cut off before http or TLS have spent anything on it. Nothing is said: that would keep connections open for
 * those who do not listen, and clients take either for a reason to try elsewhere.
 */
export function guardConnections(server: http.Server, gate: ConnectionGate): void {
  const listeners = server.listeners('connection')
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    const leave = gate(socket.remoteAddress ?? '')
    if (leave === undefined) {
      // Not a polite end, which would be remembered by the kernel for a minute.
      socket.resetAndDestroy()
      return
    }
    socket.once('close', leave)
    for (const listener of listeners) listener.call(server, socket)
  })
}
