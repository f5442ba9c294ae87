import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createLab } from '../cli/lab.ts'
import { openRaw, request, sendRaw } from '../http/raw.ts'
import { startPair } from '../support/cachalot.ts'
import { fetchAll } from '../support/http.ts'

const SECOND = request('/v2/library/smuggled/manifests/1', ['Connection: close'])

/** All that a server writes before it ends the connection, or in answer to what was sent. */
async function exchange(port: number, bytes: string): Promise<{ answers: number; statuses: string[] }> {
  const socket = await openRaw(port)
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.write(Buffer.from(bytes, 'latin1'))
  await closed
  const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status = '']) => status)
  return { answers: statuses.length, statuses }
}

const framed = (...headers: readonly string[]): string => request('/v2/', headers)

/** What a proxy in front might read otherwise than we do. Each is followed by a request that it hides. */
const MALFORMED: Readonly<Record<string, string>> = {
  'length and chunks': framed('Content-Length: 4', 'Transfer-Encoding: chunked'),
  'chunks and length': framed('Transfer-Encoding: chunked', 'Content-Length: 4'),
  'two lengths': framed('Content-Length: 0', 'Content-Length: 44'),
  'the same length in a list': framed('Content-Length: 0, 0'),
  'a length with a sign': framed('Content-Length: +0'),
  'a length of nothing': framed('Content-Length: '),
  'a length in hexadecimal': framed('Content-Length: 0x0'),
  'a length with a blank': framed('Content-Length: 0 0'),
  'a length with an underscore': framed('Content-Length: 1_0'),
  'a length beyond all': framed('Content-Length: 99999999999999999999999'),
  'a space before the colon': framed('Content-Length : 0'),
  'a tab before the colon': framed('Transfer-Encoding\t: chunked'),
  'chunked, twice': framed('Transfer-Encoding: chunked, chunked'),
  'chunked, but not last': framed('Transfer-Encoding: chunked, identity'),
  'no coding we know': framed('Transfer-Encoding: xchunked'),
  'chunked with a vertical tab': framed('Transfer-Encoding: \u000bchunked'),
  'chunked, folded': framed('Transfer-Encoding:', ' chunked'),
  'a folded header': framed('X-A: b', ' Content-Length: 44'),
  'a bare line feed in a header': framed('X-A: b\nContent-Length: 44'),
  'a bare carriage return in a header': framed('X-A: b\rContent-Length: 44'),
  'a carriage return in the empty line': framed('X-A: b').replace(/\r\n\r\n$/, '\r\n\rX\r\n\r\n'),
  'NUL in a header': framed('X-A: b\0c'),
  'a header without a name': framed(': b'),
  'a header without a colon': framed('Content-Length'),
  'a chunk size with a sign': `${framed('Transfer-Encoding: chunked')}+0\r\n\r\n`,
  'a chunk size in 0x': `${framed('Transfer-Encoding: chunked')}0x0\r\n\r\n`,
  'a chunk size beyond all': `${framed('Transfer-Encoding: chunked')}fffffffffffffffff\r\n`,
  'a chunk with a bare line feed': `${framed('Transfer-Encoding: chunked')}1\na\n0\n\n`,
  'a chunk longer than said': `${framed('Transfer-Encoding: chunked')}1\r\nab\r\n0\r\n\r\n`,
  'a length in a trailer': `${framed('Transfer-Encoding: chunked')}0\r\nContent-Length: 9\r\n\r\n`,
  'no version': 'GET /v2/\r\n\r\n',
  'version 9': framed().replace('HTTP/1.1', 'HTTP/9.9'),
  'a line feed in the target': framed().replace('/v2/', '/v2/\n'),
}

/** SEC-55 */
suite('a request that two servers might read in two ways', () => {
  test('ends the connection, and what it hides is never asked for', async (t) => {
    const { hub, cache } = await startPair(t)
    hub.addImage('library/smuggled', { tags: ['1'], layers: 0 })
    for (const [what, bytes] of Object.entries(MALFORMED)) {
      const { statuses } = await exchange(cache.port, bytes + SECOND)
      // A head may be answered before its body turns out to be nonsense.
      assert.match(statuses.join(' '), /^(?:200 )?(?:400|431|413|505)$|^200$/, `${what}: ${String(statuses)}`)
      assert.equal(hub.requests.count(), 0, what)
    }
  })

  test('never gives a body to read as a request', async (t) => {
    const { hub, cache } = await startPair(t)
    hub.addImage('library/smuggled', { tags: ['1'], layers: 0 })
    const chunk = `${SECOND.length.toString(16)}\r\n${SECOND}\r\n0\r\n\r\n`
    const bodies = {
      length: framed(`Content-Length: ${SECOND.length}`) + SECOND,
      chunks: framed('Transfer-Encoding: chunked') + chunk,
      'chunks, spelled otherwise': framed('TRANSFER-ENCODING: ChUnKeD') + chunk,
      'a write': request('/v2/x/blobs/uploads/', [`Content-Length: ${SECOND.length}`], 'POST') + SECOND,
    }
    for (const [what, bytes] of Object.entries(bodies)) {
      const { answers } = await exchange(cache.port, bytes + request('/healthz', ['Connection: close']))
      assert.equal(answers, 2, what)
      assert.equal(hub.requests.count(), 0, what)
    }
  })

  test('cannot hide in extensions of chunks, however long they are', async (t) => {
    const { cache } = await startPair(t)
    const socket = await openRaw(cache.port)
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.resume()
    socket.write(framed('Transfer-Encoding: chunked'))
    const piece = `1;${'x'.repeat(65_536)}`
    let sent = 0
    while (!socket.destroyed && sent < 64 * 1024 * 1024) {
      sent += piece.length
      if (!socket.write(piece))
        await Promise.race([closed, new Promise((resolve) => socket.once('drain', resolve))])
    }
    await closed
    assert.ok(sent < 32 * 1024 * 1024, `${sent} bytes were taken`)
    assert.equal((await sendRaw(cache.port, request('/v2/'))).status, 200)
  })

  test('is refused even where Node is told to be lenient', async (t) => {
    const lab = await createLab(t)
    const before = process.env['NODE_OPTIONS']
    process.env['NODE_OPTIONS'] = '--insecure-http-parser'
    t.after(() => {
      if (before === undefined) delete process.env['NODE_OPTIONS']
      else process.env['NODE_OPTIONS'] = before
    })
    const { url } = await lab.serve()
    const port = Number(new URL(url).port)
    for (const what of [
      'length and chunks',
      'a space before the colon',
      'NUL in a header',
      'a bare line feed in a header',
    ])
      assert.equal((await sendRaw(port, MALFORMED[what] ?? '')).status, 400, what)
    assert.equal((await fetchAll(`${url}/v2/`)).status, 200)
  })
})
