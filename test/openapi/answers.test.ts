import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { listen } from '../api/live-support.ts'
import { basic } from '../auth/support.ts'
import type { Cachalot } from '../support/cachalot.ts'
import { startFakeGo } from '../support/fake-go.ts'
import { fill, PASSWORDS, startConsole } from '../ui/console.ts'
import { assertAsDescribed, assertProblem, OPERATIONS, placeOf } from './described.ts'
import { LATER, REFUSED, WRITES, type Written } from './writes.ts'

const ALICE = { authorization: basic('alice', PASSWORDS.alice) }

/** Values of parameters to try, by name: an image, a repository where a route is about these, or a file. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  name: ['docker.io/library/app:1.1', 'docker.io/library/app', 'go:example.com/m@v1.1.0'],
  text: ['docker pull nginx'],
  nonce: ['abcdefghijklmnopqr27'],
  path: ['', 'docker.io'],
  range: ['1h', '30d'],
  filter: ['>1B'],
  q: ['app'],
  repository: ['docker.io/library/app'],
}

/** Queries: without anything that may be left out, and with all that there is a value for. */
function queriesOf(route: string): readonly string[] {
  const parameters = OPERATIONS.get(route)?.parameters ?? []
  const needed = parameters.filter(({ required }) => required === true)
  const known = parameters.filter(({ name, required }) => required === true || Object.hasOwn(VALUES, name))
  const queries = [0, 1, 2].flatMap((n) =>
    [needed, known].map((list) =>
      new URLSearchParams(
        list.map(({ name }) => [name, VALUES[name]?.[n] ?? VALUES[name]?.[0] ?? 'x']),
      ).toString(),
    ),
  )
  return [...new Set(queries)]
}

async function ask(
  cache: Cachalot,
  route: string,
  { query = '', body }: { query?: string; body?: unknown } = {},
) {
  const [method = '', path = ''] = route.split(' ')
  const text = body instanceof Buffer ? body : body === undefined ? '' : JSON.stringify(body)
  const answer = await cache.fetch(`/api/v1${path}${query === '' ? '' : `?${query}`}`, {
    method,
    headers: { ...ALICE, 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
    body: text,
    lint: false,
  })
  return { ...answer, text: answer.body.toString() }
}

type Answer = Awaited<ReturnType<typeof ask>>

/** Holds an answer against its description, line by line where it is a stream. */
function assertAnswer(route: string, { status, headers, text }: Answer): unknown {
  const [type = ''] = (headers['content-type'] ?? '').split(';')
  if (status !== 200) {
    assertProblem(JSON.parse(text), `${route} ${status}`)
    return undefined
  }
  if (type === 'application/x-tar') return undefined
  const lines = type === 'application/x-ndjson' ? text.trim().split('\n') : [text]
  const values = lines.map((line): unknown => JSON.parse(line))
  for (const value of values) assertAsDescribed(value, [...placeOf(route, type), 'schema'], route)
  return values.at(-1)
}

const isEvents = (route: string): boolean =>
  JSON.stringify(OPERATIONS.get(route)).includes('text/event-stream')

suite('a server with content answers as it is described', { timeout: 120_000 }, () => {
  test('every question, and every change', async (t) => {
    const go = await startFakeGo(t)
    const pair = await startConsole(t, {
      limits: { requests: '0' },
      pin: [{ match: 'docker.io/library/base' }],
      prefetch: [{ name: 'base images', refs: ['app:1.0', 'gone:1'], schedule: '0 0 1 1 *' }],
      go: { upstream: [{ url: go.url }], sumdb: [] },
    })
    const { hub, cache } = pair
    await fill(pair)
    for (const version of ['v1.0.0', 'v1.1.0']) {
      go.publish({ module: 'example.com/m', version })
      await cache.fetch(`/go/example.com/m/@v/${version}.mod`)
    }
    const subject = hub.addImage('library/app', { tags: ['signed'] })
    hub.addReferrer('library/app', { subject: subject.manifest.digest, artifactType: 'application/x-test' })
    await cache.fetch('/v2/library/app/manifests/signed')
    await cache.fetch(`/v2/library/app/referrers/${subject.manifest.digest}`)

    const written: Record<string, Written> = {}
    const write = async (route: string): Promise<void> => {
      const body = WRITES[route]?.(written) ?? assert.fail(`${route}: give an example in writes.ts`)
      const answer = await ask(cache, route, { body })
      assert.equal(answer.status, REFUSED.has(route) ? 403 : 200, `${route}: ${answer.text}`)
      written[route] = assertAnswer(route, answer) as Written // what the test before has said
    }
    const writes = [...OPERATIONS.keys()].filter((route) => !route.startsWith('GET '))
    const order = Object.keys(WRITES)
    for (const route of writes.toSorted((a, b) => order.indexOf(a) - order.indexOf(b)))
      if (!LATER.has(route)) await write(route)

    for (const route of [...OPERATIONS.keys()].filter((one) => one.startsWith('GET ') && !isEvents(one))) {
      const answers = await Promise.all(queriesOf(route).map((query) => ask(cache, route, { query })))
      for (const answer of answers) assertAnswer(route, answer)
      const words = answers.map(({ status, text }) => `${status} ${text.slice(0, 200)}`).join('\n')
      assert.ok(
        answers.some(({ status }) => status === 200),
        `${route}: ${words}`,
      )
    }

    for (const route of writes.toSorted((a, b) => order.indexOf(a) - order.indexOf(b)))
      if (LATER.has(route)) await write(route)
  })

  test('events', async (t) => {
    const pair = await startConsole(t)
    await fill(pair)
    for (const route of [...OPERATIONS.keys()].filter(isEvents)) {
      const place = [...placeOf(route, 'text/event-stream'), 'x-events']
      const ear = await listen(pair.cache, `${route.split(' ')[1]}?topics=live,overview,jobs`, ALICE)
      for (const topic of ['live', 'overview', 'jobs', 'ping'] as const) {
        if (topic === 'ping') continue
        assertAsDescribed(await ear.next(topic), [...place, topic], `${route} ${topic}`)
      }
      ear.leave()
    }
  })

  test('whoever may not ask, and who asks for what is not there', async (t) => {
    const { cache } = await startConsole(t, { limits: { requests: '0' } })
    for (const [route, { security }] of OPERATIONS) {
      if (security.some((one) => Object.keys(one).length === 0)) continue
      const [method = '', path = ''] = route.split(' ')
      const { status, body } = await cache.fetch(`/api/v1${path}`, { method, lint: false })
      assert.equal(status, 401, route)
      assertProblem(JSON.parse(body.toString()), route)
    }
    for (const route of OPERATIONS.keys()) {
      const parameters = OPERATIONS.get(route)?.parameters ?? []
      if (!parameters.some(({ name }) => name === 'name')) continue
      const answer = await ask(cache, route, { query: 'name=no.such.example%2Fa' })
      assert.equal(answer.status, 404, route)
      assertAnswer(route, answer)
    }
  })
})
