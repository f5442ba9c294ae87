import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'

export interface Prefix extends AsyncDisposable {
  readonly url: string
}

/**
 * A mirror without a path of its own for one with a path: "/v2/x" becomes "<target>/v2/x". Docker before 25
 * takes no mirror with a path; behind this it behaves as if it did.
 * @param target "http://127.0.0.1:5000/k/…"
 */
export async function startPrefix(target: string): Promise<Prefix> {
  const server = createServer((incoming, outgoing) => {
    // A client or server that goes away is seen by the other one.
    void forward(target, incoming, outgoing).catch(() => outgoing.destroy())
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(0, '127.0.0.1', resolve)
  await promise
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      server.closeAllConnections()
      await closed.promise
    },
  }
}

async function forward(target: string, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const { method = 'GET', headers, url = '/' } = incoming
  const asked = request(`${target}${url}`, { method, headers }, resolve)
  asked.once('error', reject)
  await pipeline(incoming, asked)
  const answer = await promise
  outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
  await pipeline(answer, outgoing)
}
