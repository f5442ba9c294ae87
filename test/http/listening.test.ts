import assert from 'node:assert/strict'
import { once } from 'node:events'
import http, { type ServerResponse } from 'node:http'
import { connect, createServer } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { listenWidely } from '../../src/http/listening.ts'
import { fetchAll } from '../support/http.ts'

const HOST = '127.0.0.1'

async function start(
  t: TestContext,
  { port = 0, handle = hello }: { port?: number; handle?: typeof hello } = {},
) {
  const server = http.createServer(handle)
  const listening = await listenWidely(server, { host: HOST, port, connection: { allowHalfOpen: true } })
  t.after(async () => {
    server.closeAllConnections()
    await listening.close()
  })
  return { server, ...listening, url: `http://${HOST}:${listening.port}` }
}

function hello(_req: http.IncomingMessage, res: ServerResponse): void {
  res.end('hello')
}

describe('a port with several listeners', () => {
  it('answers whoever comes, however many come at once', async (t) => {
    const { url } = await start(t)
    const answers = await Promise.all(Array.from({ length: 200 }, () => fetchAll(url, { path: '/' })))
    assert.deepEqual(
      [...new Set(answers.map(({ status, body }) => `${status} ${String(body)}`))],
      ['200 hello'],
    )
  })

  it('is not shared with another server of ours', async (t) => {
    const { port, url } = await start(t)
    await assert.rejects(start(t, { port }), { code: 'EADDRINUSE' })
    assert.equal((await fetchAll(url, { path: '/' })).status, 200)
  })

  it('is not taken where somebody else listens', async (t) => {
    const other = createServer().listen(0, HOST)
    t.after(() => other.close())
    await once(other, 'listening')
    const address = other.address()
    assert.ok(address !== null && typeof address === 'object')
    await assert.rejects(start(t, { port: address.port }), { code: 'EADDRINUSE' })
  })

  it('is taken by one of two that come at once', async (t) => {
    const { port, close } = await start(t)
    await close()
    const both = await Promise.allSettled([start(t, { port }), start(t, { port })])
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    const failed = both.find((one) => one.status === 'rejected')
    assert.equal(failed?.reason.code, 'EADDRINUSE')
  })

  it('can be taken again as soon as it was given back', async (t) => {
    const { port, close } = await start(t)
    await close()
    const again = await start(t, { port })
    assert.equal(again.port, port)
    assert.equal((await fetchAll(again.url, { path: '/' })).status, 200)
  })

  it('takes nobody any more once it closes, and waits for all it took', async (t) => {
    const held = new Map<string, ServerResponse>()
    const { port, close } = await start(t, { handle: ({ url = '' }, res) => void held.set(url, res) })
    // More than there are listeners: the kernel spreads them by their own ports.
    const clients = Array.from({ length: 40 }, () => connect(port, HOST))
    for (const [i, client] of clients.entries())
      client.write(`GET /${i} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`)
    while (held.size < clients.length) await sleep(5)
    let isClosed = false
    const closed = (async () => {
      await close()
      isClosed = true
    })()
    for (let i = 0; i < 40; i++) {
      const [error] = await once(connect(port, HOST).on('connect', assert.fail), 'error')
      assert.equal(error.code, 'ECONNREFUSED')
    }
    const ends = clients.map((client) => once(client.resume(), 'close'))
    const last = held.get('/0')
    for (const res of held.values()) if (res !== last) res.end('bye')
    await Promise.all(ends.slice(1))
    assert.equal(isClosed, false)
    last?.end('bye')
    await closed
  })
})
