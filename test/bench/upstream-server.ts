/**
 * Process: the registry that every subject caches. `node upstream-server.ts PORT FOLDER`. Beside `/v2/`:
 * `/__blob?size=` makes a blob never seen before, sent from memory several times faster than any subject stores it;
 * with `&file=1` sent from a file. `/__new-image?layers=&size=` makes an image. `/__throttle?rate=` limits every answer
 * from memory to bytes per second (0 = off), `/__fault?status=` lets it fail (0 = off), `/__tokens?on=1` lets it want
 * a token of its own service for every request. `/__image`, `/__stats`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { UpstreamStats } from './upstream.ts'
import { CHUNK, createContent } from './upstream-content.ts'
import { sendBlob } from './upstream-send.ts'

const TOKEN = 'benchmark'
const content = createContent(process.argv[3] ?? '.')
const stats = { requests: 0, bytes: 0, active: 0 } satisfies UpstreamStats
let rate = 0
let fault = 0
let wantsToken = false
const sending = { rate: () => rate, sent: (bytes: number) => void (stats.bytes += bytes) }
const image = content.newImage({ layers: 1, size: CHUNK, tag: 'latest' })

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://upstream')
  if (url.pathname.startsWith('/__')) return control(url, response)
  stats.requests++
  stats.active++
  response.once('close', () => stats.active--)
  if (url.pathname === '/token') return void response.end(JSON.stringify({ token: TOKEN, expires_in: 300 }))
  response.setHeader('Docker-Distribution-API-Version', 'registry/2.0')
  if (fault > 0) return void response.writeHead(fault).end('{"errors":[{"code":"UNKNOWN"}]}')
  if (wantsToken && request.headers.authorization !== `Bearer ${TOKEN}`) return challenge(request, response)
  if (url.pathname === '/v2/') return void response.end('{}')
  const found = content.find(url.pathname.split('/').at(-1) ?? '')
  if (found === undefined) return void response.writeHead(404).end('{"errors":[{"code":"BLOB_UNKNOWN"}]}')
  sendBlob(request, response, { ...found, sending }).catch((error: unknown) =>
    response.destroy(error as Error),
  )
})
server.keepAliveTimeout = 300_000
server.listen(Number(process.argv[2]), '127.0.0.1')

/** The service is where the client reached us, so that a way that looks far is far for tokens too. */
function challenge(request: IncomingMessage, response: ServerResponse): void {
  const realm = `http://${request.headers.host ?? ''}/token`
  const scope = 'repository:bench/image:pull'
  response.setHeader('WWW-Authenticate', `Bearer realm="${realm}",service="benchmark",scope="${scope}"`)
  response.writeHead(401).end('{"errors":[{"code":"UNAUTHORIZED"}]}')
}

function control({ pathname, searchParams }: URL, response: ServerResponse): void {
  const number = (name: string): number => Number(searchParams.get(name))
  const answers: Record<string, () => unknown> = {
    '/__stats': () => stats,
    '/__image': () => image,
    '/__new-image': () => content.newImage({ layers: number('layers'), size: number('size') }),
    '/__blob': () => {
      const make = searchParams.has('file') ? content.newFileBlob : content.newBlob
      return { digest: make(number('size')) }
    },
    '/__throttle': () => ({ rate: (rate = number('rate')) }),
    '/__fault': () => ({ fault: (fault = number('status')) }),
    '/__tokens': () => ({ wantsToken: (wantsToken = number('on') === 1) }),
  }
  response.end(JSON.stringify(answers[pathname]?.()))
}
