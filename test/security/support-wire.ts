import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { MadeCertificate } from '../http/certificates.ts'
import { type Cleanup, type Host, serveRaw } from '../upstream/support.ts'

export interface Wire extends Host {
  /** The first byte of each connection; 0x16 begins a TLS handshake. */
  readonly firsts: number[]
}

/** A port that leads to another one and sees how every connection begins. */
export async function tapWire(t: Cleanup, address: string, target: () => number): Promise<Wire> {
  const firsts: number[] = []
  const host = await serveRaw(
    t,
    (socket) => {
      socket.once('data', (bytes: Buffer) => {
        firsts.push(bytes[0] ?? -1)
        const onward = connect(target(), address)
        join(socket, onward)
        onward.write(bytes)
      })
    },
    { address },
  )
  return { ...host, firsts }
}

function join(a: Socket, b: Socket): void {
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const) {
    one.on('error', () => other.destroy())
    one.on('close', () => other.destroy())
    one.pipe(other)
  }
}

/** A proxy whose tunnels all end at one port of loopback; gives its address. */
export async function openTunnel(t: Cleanup, address: string, target: () => number): Promise<string> {
  const server = createServer((_, response) => response.writeHead(500).end())
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => open.add(socket))
  server.on('connect', (_request, socket: Socket) => {
    const onward = connect(target(), address, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      join(socket, onward)
    })
    onward.on('error', () => socket.destroy())
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  t.after(() => {
    server.close()
    for (const socket of open) socket.destroy()
  })
  const { port } = server.address() as AddressInfo // a TCP server has no other address
  return `http://127.0.0.1:${port}`
}

export function pemOf({ cert, key }: MadeCertificate): { readonly cert: string; readonly key: string } {
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
}
