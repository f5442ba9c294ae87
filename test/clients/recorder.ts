import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'

/** One request that reached the upstream. */
export interface RecordedRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly status: number
  /** Body bytes that were sent back. */
  readonly bytes: number
}

export interface Recorder extends AsyncDisposable {
  readonly url: string
  /** In the order in which they were answered. */
  readonly requests: readonly RecordedRequest[]
  /** From now on connections are refused, until `start`. */
  stop(): Promise<void>
  /** Listens on the same port again. */
  start(): Promise<void>
}

/** A reverse proxy on loopback that writes down what passes to `target`, "http://127.0.0.1:5000". */
export async function startRecorder(target: string): Promise<Recorder> {
  const requests: RecordedRequest[] = []
  const server = createServer((incoming, outgoing) => {
    void forward(target, incoming, outgoing).then((entry) => requests.push(entry))
  })
  let port = 0
  async function start(): Promise<void> {
    if (server.listening) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
    await promise
    server.off('error', reject)
    const address = server.address()
    if (typeof address === 'object' && address !== null) port = address.port
  }
  async function stop(): Promise<void> {
    if (!server.listening) return
    const { promise, resolve } = Promise.withResolvers<void>()
    server.close(() => resolve())
    server.closeAllConnections()
    await promise
  }
  await start()
  return { url: `http://127.0.0.1:${port}`, requests, start, stop, [Symbol.asyncDispose]: stop }
}

async function forward(
  target: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<RecordedRequest> {
  const method = incoming.method ?? ''
  const path = incoming.url ?? ''
  let bytes = 0
  try {
    const answer = await askTarget(target, incoming)
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.on('data', (chunk: Buffer) => {
      bytes += chunk.length
    })
    await pipeline(answer, outgoing)
  } catch {
    // Either side went away; what was sent until then is what counts.
    outgoing.destroy()
  }
  return { method, path, status: outgoing.statusCode, bytes }
}

async function askTarget(target: string, incoming: IncomingMessage): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const { method, headers, url } = incoming
  const outgoing = request(new URL(url ?? '/', target), { method: method ?? 'GET', headers }, resolve)
  outgoing.once('error', reject)
  await pipeline(incoming, outgoing)
  return await promise
}
