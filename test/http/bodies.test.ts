import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientRequest, request } from 'node:http'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { allowLongBody } from '../../src/domain/long-bodies.ts'
import { type Patience, startServer } from '../../src/http/server.ts'
import type { Cleanup } from '../support/temp.ts'

const SHORT: Patience = { head: 400, whole: 400, lookEvery: 50, farewell: 100 }
const PIECES = 20

/** `/long` takes long bodies; both answer with how many bytes came. */
async function serve(t: Cleanup): Promise<number> {
  const server = await startServer({
    host: '127.0.0.1',
    port: 0,
    patience: SHORT,
    handle: (req, res) => {
      if (req.url === '/long') allowLongBody(req)
      let bytes = 0
      req.on('data', (chunk: Buffer) => {
        bytes += chunk.length
      })
      req.on('end', () => res.end(String(bytes)))
      req.on('error', () => undefined)
    },
  })
  t.after(() => server.close(0))
  return server.address.port
}

/** The status, or "cut" where none came. */
async function statusOf(asked: ClientRequest): Promise<number | 'cut'> {
  try {
    const [response] = await once(asked, 'response')
    // once() gives the arguments of the event.
    const { statusCode } = (response as { resume(): { statusCode?: number } }).resume()
    return statusCode ?? 0
  } catch {
    return 'cut'
  }
}

function begin(port: number, path: string): ClientRequest {
  const asked = request({ port, path, method: 'POST', agent: false })
  asked.on('error', () => undefined)
  asked.write('x')
  return asked
}

/** Sends a byte every now and then, for several times the patience. */
async function sendSlowly(asked: ClientRequest): Promise<void> {
  for (let n = 0; n < PIECES && !asked.destroyed; n++) {
    await sleep((4 * SHORT.whole) / PIECES)
    asked.write('x')
  }
  asked.end()
}

suite('a body that takes long', () => {
  test('is cut where nobody allowed it', async (t) => {
    const asked = begin(await serve(t), '/short')
    const [status] = await Promise.all([statusOf(asked), sendSlowly(asked)])
    assert.ok(status === 408 || status === 'cut', String(status))
  })

  test('is taken where it is allowed, as long as something comes', async (t) => {
    const asked = begin(await serve(t), '/long')
    const [status] = await Promise.all([statusOf(asked), sendSlowly(asked)])
    assert.equal(status, 200)
  })

  test('is cut all the same when nothing comes any more', async (t) => {
    const asked = begin(await serve(t), '/long')
    const status = await statusOf(asked)
    assert.ok(status === 408 || status === 'cut', String(status))
  })
})
