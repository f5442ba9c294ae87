import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ApiFailure, connectApi } from '../../src/api/client.ts'
import { socketAddress, socketFile } from '../../src/api/socket.ts'
import { tempDir } from '../support/temp.ts'

async function serve(t: TestContext, handle: RequestListener, folder?: string) {
  const address = socketAddress(folder ?? (await tempDir(t)))
  const server = createServer(handle).listen(address.path)
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
    address.release()
  })
  return connectApi(address.path)
}

const lines = (...said: readonly object[]) => said.map((one) => `${JSON.stringify(one)}\n`).join('')

void test('questions are queries, changes are JSON bodies', async (t) => {
  const asked: string[] = []
  const api = await serve(t, (req, res) => {
    let body = ''
    req.on('data', (chunk: Buffer) => (body += chunk.toString()))
    req.on('end', () => {
      asked.push(`${req.method} ${req.url} ${body}`)
      res.end('{"items":[]}')
    })
  })
  assert.deepEqual(await api.get('/images', { q: 'a b&c', limit: 2 }), { items: [] })
  await api.put('/pins', { match: ['x'], reason: 'y' })
  await api.del('/pins', { match: ['x'] })
  assert.deepEqual(asked, [
    'GET /api/v1/images?q=a+b%26c&limit=2 ',
    'PUT /api/v1/pins {"match":["x"],"reason":"y"}',
    'DELETE /api/v1/pins {"match":["x"]}',
  ])
})

void test('an error comes with the words of the server', async (t) => {
  const api = await serve(t, (_req, res) => {
    res.writeHead(404)
    res.end('{"error":{"code":"manifest_unknown","message":"nginx:9 is not cached","hint":"look with ls"}}')
  })
  await assert.rejects(api.get('/image', { name: 'nginx:9' }), (error) => {
    assert.ok(error instanceof ApiFailure)
    assert.deepEqual(
      [error.status, error.code, error.message, error.hint],
      [404, 'manifest_unknown', 'nginx:9 is not cached', 'look with ls'],
    )
    return true
  })
})

void test('an answer that is no JSON is an error with its status, never a crash', async (t) => {
  const api = await serve(t, (req, res) => {
    res.writeHead(req.url?.includes('pins') === true ? 200 : 502)
    res.end('<html>')
  })
  await assert.rejects(api.get('/stats', {}), /the server answered 502/)
  await assert.rejects(api.get('/pins', {}), /no JSON/)
})

void test('long work is heard line by line, however it is cut into pieces', async (t) => {
  const step = { type: 'progress', subject: '抹香鲸', done: 1, total: 2, bytes: 3, bytesTotal: 4 }
  const bytes = Buffer.from(lines(step, step, { type: 'result', result: [{ name: 'a' }] }))
  const api = await serve(t, (_req, res) => {
    void (async () => {
      for (const byte of bytes) {
        res.write(Buffer.of(byte))
        if (byte === 0xe6) await new Promise((resolve) => setImmediate(resolve))
      }
      res.end()
    })()
  })
  const heard = []
  for await (const one of api.stream('/fetch', { names: ['a'], platforms: [] })) heard.push(one)
  assert.deepEqual(heard, [step, step, { type: 'result', result: [{ name: 'a' }] }])
})

void test('long work that fails, or ends without a result, is an error', async (t) => {
  const api = await serve(t, (req, res) => {
    if (req.url === '/api/v1/gc')
      res.end(lines({ type: 'error', error: { code: 'busy', message: 'gc runs', hint: '' } }))
    else res.end(lines({ type: 'progress', subject: '', done: 1, total: 2, bytes: 0, bytesTotal: 0 }))
  })
  const drain = async (said: AsyncIterable<unknown>) => {
    for await (const _ of said);
  }
  await assert.rejects(drain(api.stream('/gc', { dryRun: true })), { code: 'busy', message: 'gc runs' })
  await assert.rejects(drain(api.stream('/verify', { names: [], repair: false, rate: 0 })), { code: 'cut' })
})

void test('a signal ends a request, and the server hears it', async (t) => {
  const left = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const api = await serve(t, (_req, res) => {
    res.write(lines({ type: 'progress', subject: '', done: 1, total: 2, bytes: 0, bytesTotal: 0 }))
    res.on('close', () => left.resolve())
    begun.resolve()
  })
  const leaving = new AbortController()
  const said = api.stream('/gc', { dryRun: false }, { signal: leaving.signal })
  const heard = (async () => {
    for await (const one of said) if (one.type === 'progress') leaving.abort()
  })()
  await begun.promise
  await assert.rejects(heard)
  await left.promise
})

void test('a data folder with a path too long for a socket is reached all the same', {
  skip: process.platform !== 'linux' && 'only Linux has /proc/self/fd',
}, async (t) => {
  const folder = join(await tempDir(t), 'a-long-name-'.repeat(6), 'another-one-'.repeat(6))
  mkdirSync(folder, { recursive: true })
  assert.ok(Buffer.byteLength(socketFile(folder)) > 108)
  const api = await serve(t, (_req, res) => void res.end('{"items":[]}'), folder)
  assert.deepEqual(await api.get('/pins', {}), { items: [] })
})
