import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import type { Fetched } from '../support/http.ts'
import { type Handler, type Host, serve } from '../upstream/support.ts'
import { answerImage, guarded, LOGIN, PASSWORD, PATHS, sendBytes, startCache } from './support.ts'
import { filesText } from './support-secrets.ts'

const PROXY_WORD = 'CANARY-proxy/pä ss'
const PROXY_LOGIN = `Basic ${Buffer.from(`mover:${PROXY_WORD}`).toString('base64')}`
const SIGNED = 'X-Amz-Expires=9&X-Amz-Signature=CANARYsignature'

/** Everything that shows who we are, in every spelling it has on the wire. */
const SECRETS = {
  password: PASSWORD,
  login: LOGIN.slice('Basic '.length),
  token: 'CANARY-token',
  signature: 'CANARYsignature',
  'proxy password': PROXY_WORD,
  'proxy password in its address': encodeURIComponent(PROXY_WORD),
  'proxy login': PROXY_LOGIN.slice('Basic '.length),
  'word of a client': 'CANARY-client',
  cookie: 'CANARY-cookie',
  'any canary': 'CANARY',
}

/** Quotes all it was sent and all it may know, in a body of this type. */
function quote(type: string, status: number): Handler {
  return (request, response) => {
    const { headers, url } = request
    const words = [
      ...Object.values(headers).flat(),
      `Authorization: ${LOGIN}`,
      `Authorization: Bearer CANARY-token`,
      `http://mover:${encodeURIComponent(PROXY_WORD)}@proxy.test/`,
      `you are mover with ${PROXY_WORD} or ${encodeURIComponent(PROXY_WORD)}`,
      PROXY_LOGIN,
      PASSWORD,
      `http://cdn.test${url}`,
      SIGNED,
    ].join(' ')
    const json = JSON.stringify({ errors: [{ code: 'DENIED', message: words }] })
    const xml = `<?xml version="1.0"?><Error><Code>Denied</Code><Message>${words}</Message></Error>`
    const body = type.endsWith('json') ? json : type.endsWith('xml') ? xml : words
    response.writeHead(status, { 'Content-Type': type, 'Set-Cookie': 'CANARY-cookie=1' }).end(body)
  }
}

/** The internet behind a proxy: a registry, its token service and the store of its blobs. */
interface Net {
  registry: Handler
  token: Handler
  store: Handler
  /** Answers in their place. */
  proxy: Handler | undefined
}

function usualNet(): Net {
  const registry: Handler = (request, response, n) => {
    const sendOn: Handler = () => {
      if (request.url?.includes('/blobs/') !== true) return answerImage(request, response, n)
      response.writeHead(307, { Location: `http://cdn.test${request.url}?${SIGNED}` }).end()
    }
    guarded(() => 'http://auth.hub.example/token', sendOn)(request, response, n)
  }
  return { registry, token: guarded(() => ''), store: answerImage, proxy: undefined }
}

/** A proxy that plays all of it, and a cache that goes through it with a login. */
async function startBehindProxy(t: TestContext, net: Net) {
  const proxy: Host = await serve(t, (request, response, n) => {
    const { hostname, pathname, search } = new URL(request.url ?? '')
    request.url = pathname + search
    const places: Record<string, Handler> = { 'auth.hub.example': net.token, 'cdn.test': net.store }
    const handler = net.proxy ?? places[hostname] ?? net.registry
    handler(request, response, n)
  })
  const login = `mover:${encodeURIComponent(PROXY_WORD)}`
  const cache = await startCache(t, 'http://hub.example', {
    upstream: { tag_ttl: '0s' },
    env: { CACHALOT_UPSTREAM__DOCKER_IO__PROXY: proxy.url.replace('//', `//${login}@`) },
  })
  return { proxy, cache }
}

const FROM_CLIENT = {
  authorization: 'Bearer CANARY-client',
  'proxy-authorization': 'Basic CANARY-client',
  cookie: 'CANARY-client',
}

const QUOTES = [
  ['application/json', 403],
  ['application/xml', 403],
  ['text/html', 403],
  ['text/plain', 400],
  ['text/plain', 401],
  ['text/plain', 407],
  ['application/json', 429],
] as const

const TROUBLES: Readonly<Record<string, (net: Net) => void>> = {
  'nothing is wrong': () => undefined,
  ...Object.fromEntries(
    (['registry', 'token', 'store', 'proxy'] as const).flatMap((who) =>
      QUOTES.map(([type, status]) => [
        `the ${who} quotes it all in ${type} with ${status}`,
        (net: Net) => void (net[who] = quote(type, status)),
      ]),
    ),
  ),
  'the store is cut, and then refuses to go on': (net) => {
    let cut = false
    net.store = (request, response, n) => {
      if (cut) return quote('text/plain', 403)(request, response, n)
      cut = true
      response.writeHead(200, { 'Content-Length': 100_000 })
      response.write('x'.repeat(50_000), () => response.destroy())
    }
  },
  'the store sends something else': (net) => {
    net.store = (request, response) => sendBytes(request, response, Buffer.from('else'), 'text/plain')
  },
  'the store sends it packed': (net) => {
    net.store = (_, response) => response.writeHead(200, { 'Content-Encoding': 'CANARY-token' }).end('x')
  },
  'the store leads on to a refused place': (net) => {
    net.store = (_, response) => {
      response.writeHead(307, { Location: `http://me:CANARY@127.0.0.1/?${SIGNED}` }).end()
    }
  },
  'the store leads on to a private place': (net) => {
    net.store = (_, response) => response.writeHead(307, { Location: `http://127.0.0.1/?${SIGNED}` }).end()
  },
  'the store leads on to nonsense': (net) => {
    net.store = (_, response) => response.writeHead(307, { Location: `http://[CANARY/?${SIGNED}` }).end()
  },
  'the realm is refused': (net) => {
    net.registry = guarded(() => `http://me:CANARY@evil.test/token?${SIGNED}`)
  },
  'the token is no token': (net) => {
    net.token = (_, response) => response.end(`{"token":"CANARY-token\\r\\nX: CANARY"}`)
  },
  'the token comes in a broken answer': (net) => {
    net.token = (_, response) => response.end(`{"token":"CANARY-token"`)
  },
  'the token is refused': (net) => {
    net.token = (_, response) => response.end(`{"token":"CANARY-token-of-another-kind"}`)
  },
}

async function pullAll(fetch: (path: string, method: string) => Promise<Fetched>): Promise<string> {
  const said: string[] = []
  for (const path of [...Object.values(PATHS), '/v2/_catalog']) {
    for (const method of ['HEAD', 'GET']) {
      const { headers, body } = await fetch(path, method)
      said.push(JSON.stringify(headers), body.toString('latin1'), body.toString('utf8'))
    }
  }
  return said.join('\n')
}

describe('what shows who we are stays out of answers, log and data folder when', () => {
  for (const [what, spoil] of Object.entries(TROUBLES)) {
    test(what, async (t) => {
      const net = usualNet()
      const { cache, proxy } = await startBehindProxy(t, net)
      spoil(net)
      const ask = (path: string, method: string) => cache.fetch(path, { method, headers: FROM_CLIENT })
      const answers = await pullAll(ask)
      assert.ok(proxy.hits.every(({ headers }) => headers['proxy-authorization'] === PROXY_LOGIN))
      assert.ok(proxy.hits.length > 0)
      const texts = { answers, log: cache.log.text(), files: await filesText(cache.dataDir) }
      for (const [where, text] of Object.entries(texts)) {
        for (const [name, secret] of Object.entries(SECRETS)) {
          const at = text.indexOf(secret)
          assert.equal(at, -1, `${name} in ${where}: ${text.slice(Math.max(0, at - 80), at + 120)}`)
        }
      }
    })
  }
})

test('the canaries are really sent, and the log says what it may at every level', async (t) => {
  const { cache, proxy } = await startBehindProxy(t, usualNet())
  await pullAll((path, method) => cache.fetch(path, { method, headers: FROM_CLIENT }))
  const sent = JSON.stringify(proxy.hits)
  for (const secret of [LOGIN, 'Bearer CANARY-token', 'CANARYsignature', PROXY_LOGIN]) {
    assert.ok(sent.includes(secret), secret)
  }
  assert.ok(!sent.includes('CANARY-client'))
  assert.ok(cache.log.find('debug').length > 0)
})
