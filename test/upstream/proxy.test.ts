import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import { certificates } from './certificates.ts'
import { BLOB, type Cleanup, clientFor, deadPort, rejection, serve, textOf } from './support.ts'

interface Seen {
  readonly method: string
  readonly target: string
  readonly login: string | undefined
}

/** An HTTP proxy that takes every name to loopback. */
async function proxyServer(t: Cleanup, status = 200) {
  const seen: Seen[] = []
  const note = (request: IncomingMessage) => {
    const { method = '', url = '', headers } = request
    seen.push({ method, target: url, login: headers['proxy-authorization'] })
  }
  const server = createServer((request, response) => {
    note(request)
    const target = new URL(request.url ?? '')
    const { 'proxy-authorization': _login, ...headers } = request.headers
    const onward = httpRequest(
      { host: '127.0.0.1', port: target.port, path: target.pathname, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      },
    )
    onward.on('error', () => response.writeHead(502).end())
    onward.end()
  })
  server.on('connect', (request, socket) => {
    note(request)
    if (status !== 200) {
      socket.end(`HTTP/1.1 ${status} No\r\n\r\n`)
      return
    }
    const onward = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1')
    onward.on('error', () => socket.destroy())
    socket.on('error', () => onward.destroy())
    socket.on('close', () => onward.destroy())
    onward.on('connect', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      onward.pipe(socket).pipe(onward)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo // a TCP server has no other address
  return { host: `127.0.0.1:${port}`, seen }
}

test('http upstreams go through the proxy with its login, which the upstream does not see', async (t) => {
  const hub = await serve(t, (_, response) => response.end('x'))
  const proxy = await proxyServer(t)
  const { client, log } = clientFor(t, `http://hub.example:${hub.port}`, {
    allowPrivate: false,
    proxy: `http://me:p%40ss@${proxy.host}`,
  })
  assert.equal(await textOf((await client.get(BLOB)).body), 'x')
  const login = `Basic ${Buffer.from('me:p@ss').toString('base64')}`
  assert.deepEqual(proxy.seen, [
    { method: 'GET', target: `http://hub.example:${hub.port}${BLOB.path}`, login },
  ])
  assert.equal(hub.hits[0]?.headers.host, `hub.example:${hub.port}`)
  assert.equal(hub.hits[0]?.headers['proxy-authorization'], undefined)
  assert.equal(log.text().includes('p@ss'), false)
})

test('https upstreams go through a tunnel, and their certificate is still checked', async (t) => {
  const pki = await certificates(t)
  const good = await serve(t, (_, response) => response.end('x'), { tls: pki.host })
  const stray = await serve(t, (_, response) => response.end('x'), { tls: pki.stray })
  const proxy = await proxyServer(t)
  const more = { allowPrivate: false, ca: pki.ca, proxy: `http://${proxy.host}` }
  const { client } = clientFor(t, `https://hub.example:${good.port}`, more)
  for (let i = 0; i < 2; i++) assert.equal(await textOf((await client.get(BLOB)).body), 'x')
  assert.equal(proxy.seen[0]?.method, 'CONNECT')
  assert.equal(proxy.seen[0]?.target, `hub.example:${good.port}`)
  const bad = clientFor(t, `https://hub.example:${stray.port}`, more)
  await rejection(bad.client.get(BLOB), 'upstream_unreachable')
})

test('targets that are private by their spelling are refused before the proxy hears of them', async (t) => {
  const proxy = await proxyServer(t)
  for (const host of ['127.0.0.1', '169.254.169.254', 'localhost', '[::1]']) {
    const { client } = clientFor(t, `http://${host}`, { allowPrivate: false, proxy: `http://${proxy.host}` })
    await rejection(client.get(BLOB), 'upstream_invalid')
  }
  assert.equal(proxy.seen.length, 0)
})

test('a proxy that refuses, wants another login, or is gone makes the upstream unreachable', async (t) => {
  const refusing = await proxyServer(t, 403)
  const gone = `127.0.0.1:${await deadPort()}`
  for (const host of [refusing.host, gone]) {
    const { client } = clientFor(t, 'https://hub.example', { proxy: `http://${host}` })
    await rejection(client.get(BLOB), 'upstream_unreachable')
  }
  const login = await serve(t, (_, response) => response.writeHead(407).end())
  const { client } = clientFor(t, 'http://hub.example', { proxy: login.url })
  const error = await rejection(client.get(BLOB), 'upstream_unreachable')
  assert.match(error.detail.said ?? '', /proxy/)
})
