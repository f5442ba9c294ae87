import { connect, createServer, type Socket } from 'node:net'

/** A TCP relay on loopback that makes its target look far away. */
export interface Relay {
  readonly url: string
  close(): Promise<void>
}

/** Relays to `port` with a round trip of `rtt` ms; a new connection costs one more, as on a real link. */
export async function startRelay(port: number, rtt: number): Promise<Relay> {
  const sockets = new Set<Socket>()
  const server = createServer({ pauseOnConnect: true }, (near) => {
    track(sockets, near)
    setTimeout(() => {
      const far = connect(port, '127.0.0.1')
      track(sockets, far)
      forward(near, far, rtt / 2)
      forward(far, near, rtt / 2)
      near.resume()
    }, rtt)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

function track(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket)
  socket.once('close', () => sockets.delete(socket))
}

function forward(from: Socket, to: Socket, oneWay: number): void {
  from.on('data', (bytes) => setTimeout(() => to.destroyed || to.write(bytes), oneWay))
  from.on('end', () => setTimeout(() => to.end(), oneWay))
  // A reset on one side is a close on the other; the side that cares sees it there.
  from.on('error', () => to.destroy())
  from.on('close', () => setTimeout(() => to.destroy(), oneWay))
}
