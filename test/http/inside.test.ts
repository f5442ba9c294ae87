import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { AppError } from '../../src/domain/errors.ts'
import { LOCAL, type Principal } from '../../src/domain/principal.ts'
import type { Exchange, FrontEnd } from '../../src/frontends/front-end.ts'
import type { AskInside, InsideAsk } from '../../src/frontends/inside.ts'
import { createInside } from '../../src/http/inside.ts'
import { createGrant } from '../../src/policy/access.ts'
import { createPolicy } from '../../src/policy/policy.ts'
import { collectorLog } from '../support/collector-log.ts'

type Serve = (exchange: Exchange) => Promise<void>

const ACCESS = createGrant(createPolicy([], []))(LOCAL)

/** The way inside to one front end that has /own/ alone. */
function insideOf(serve: Serve): { ask: AskInside; log: ReturnType<typeof collectorLog> } {
  const log = collectorLog()
  const frontEnd: FrontEnd<true> = {
    name: 'go',
    parse: ({ path }) => (path.startsWith('/own/') ? true : undefined),
    needOf: () => 'pull',
    serve: (_, exchange) => serve(exchange),
    fail: (error, { res }) => void res.writeHead(error.facts.status).end(),
  }
  return { ask: createInside({ frontEnds: [frontEnd], log }), log }
}

function asking(more: Partial<InsideAsk> = {}): InsideAsk {
  return { path: '/own/a?b=1', access: ACCESS, signal: new AbortController().signal, ...more }
}

suite('requests from inside', () => {
  test('go through the pipeline as whoever asks, and give back what was answered', async () => {
    let who: Principal | undefined
    const { ask, log } = insideOf(async ({ access, line, notes, res, urlOf }) => {
      who = access.principal
      notes.name = `go:${line.path}`
      notes.outcome = 'miss'
      res.writeHead(200, { link: `<${urlOf('/own/next')}>; rel="next"`, 'content-length': 5 }).end('hello')
    })
    const took: [number, number | undefined][] = []
    const { headers, body, notes } = await ask(
      asking({ most: 5, took: (bytes, total) => took.push([bytes, total]) }),
    )
    assert.equal(who, LOCAL)
    assert.equal(body.toString(), 'hello')
    assert.match(headers['link'] ?? '', /\/own\/next>; rel="next"$/)
    assert.deepEqual([notes.name, notes.outcome], ['go:/own/a', 'miss'])
    assert.deepEqual(took, [[5, 5]])
    assert.equal(log.entries.filter(({ message }) => message === 'request').length, 1)
  })

  test('a body that nobody keeps is read to its end', async () => {
    const { ask } = insideOf(async ({ res }) => {
      res.writeHead(200)
      for (let i = 0; i < 64; i++) if (!res.write(Buffer.alloc(512 * 1024))) await once(res, 'drain')
      res.end()
    })
    let bytes = 0
    const { body } = await ask(asking({ took: (more) => void (bytes += more) }))
    assert.deepEqual([bytes, body.length], [32 * 1024 * 1024, 0])
    await assert.rejects(ask(asking({ most: 1024 })), { code: 'too_large' })
  })

  test('errors are those of the front end, before its answer and in the middle', async () => {
    const before = new AppError('denied', { message: 'not you' })
    const { ask: refuse } = insideOf(() => Promise.reject(before))
    await assert.rejects(refuse(asking()), before)
    const middle = new AppError('upstream_failed', { message: 'cut' })
    const { ask: cut } = insideOf(async ({ res }) => {
      res.writeHead(200, { 'content-length': 100 }).write('some')
      throw middle
    })
    await assert.rejects(cut(asking()), middle)
    const { ask: elsewhere } = insideOf(async () => undefined)
    await assert.rejects(elsewhere(asking({ path: '/other' })), { code: 'not_found' })
    await assert.rejects(elsewhere(asking({ path: `/own/${'a'.repeat(100_000)}` })), { code: 'bad_request' })
  })

  test('whoever gives up ends the answer', async () => {
    const closed = Promise.withResolvers<void>()
    const { ask } = insideOf(async ({ res }) => {
      res.on('close', () => closed.resolve())
      res.writeHead(200, { 'content-length': 100 }).write('some')
      await closed.promise
    })
    const stop = new AbortController()
    const reason = new Error('enough')
    const asked = ask(asking({ signal: stop.signal, took: () => stop.abort(reason) }))
    await assert.rejects(asked, reason)
    await closed.promise
    await assert.rejects(ask(asking({ signal: stop.signal })), reason)
  })
})
