import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import {
  BLOB,
  type Cleanup,
  clientFor,
  type Host,
  MANIFEST,
  rejection,
  serve,
  settings,
  textOf,
  until,
} from './support.ts'

const CREDENTIALS = { username: 'me', password: 'secret' }

async function tokenHub(t: Cleanup): Promise<Host> {
  const hub = await serve(t, (request, response) => {
    if (request.url?.startsWith('/token') === true) response.end('{"token":"T1","expires_in":300}')
    else if (request.headers.authorization === undefined) {
      response.writeHead(401, { 'WWW-Authenticate': `Bearer realm="${hub.url}/token"` }).end()
    } else response.end('x')
  })
  return hub
}

const tokenLogins = (hub: Host) =>
  hub.hits.filter((hit) => hit.url.startsWith('/token')).map((hit) => hit.headers.authorization)

test('an unchanged upstream keeps its connections and tokens', async (t) => {
  const hub = await tokenHub(t)
  const { client } = clientFor(t, hub.url, CREDENTIALS)
  await textOf((await client.get(MANIFEST)).body)
  const accepted = hub.accepted()
  client.update([settings(hub.url, CREDENTIALS)])
  await new Promise((resolve) => setTimeout(resolve, 10))
  await textOf((await client.get(MANIFEST)).body)
  assert.equal(tokenLogins(hub).length, 1)
  assert.equal(hub.accepted(), accepted)
})

test('other settings close the old connections, but keep the tokens of the same account', async (t) => {
  const hub = await tokenHub(t)
  const { client } = clientFor(t, hub.url, CREDENTIALS)
  await textOf((await client.get(MANIFEST)).body)
  client.update([settings(hub.url, { ...CREDENTIALS, tokenHosts: ['auth.example'] })])
  await until(() => hub.sockets() === 0)
  await textOf((await client.get(MANIFEST)).body)
  assert.equal(tokenLogins(hub).length, 1)
})

test('new credentials forget the tokens; a new address gets neither tokens nor old credentials', async (t) => {
  const [hub, moved] = [await tokenHub(t), await tokenHub(t)]
  const { client } = clientFor(t, hub.url, CREDENTIALS)
  await client.head(MANIFEST)
  client.update([settings(hub.url, { username: 'me', password: 'other' })])
  await client.head(MANIFEST)
  const login = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
  assert.deepEqual(tokenLogins(hub), [login('me:secret'), login('me:other')])
  client.update([settings(moved.url)])
  await client.head(MANIFEST)
  assert.deepEqual(tokenLogins(moved), [undefined])
  assert.equal(moved.hits[0]?.headers.authorization, undefined)
})

test('what is under way finishes on the old settings, then their connections close', async (t) => {
  const waiting: ServerResponse[] = []
  const hub = await serve(t, (request, response, n) => {
    if (n === 1) response.writeHead(200, { 'Content-Length': 6 }).write('abc')
    waiting.push(response)
  })
  const { client } = clientFor(t, hub.url)
  const { body } = await client.get(BLOB)
  const late = client.get(MANIFEST)
  await until(() => waiting.length === 2)
  client.update([])
  await rejection(client.get(BLOB), 'name_unknown')
  waiting[0]?.end('def')
  assert.equal(await textOf(body), 'abcdef')
  waiting[1]?.writeHead(307, { Location: '/elsewhere' }).end()
  await until(() => waiting.length === 3)
  waiting[2]?.end('later')
  assert.equal(await textOf((await late).body), 'later')
  await until(() => hub.sockets() === 0)
})

test('a changed upstream starts with a closed breaker', async (t) => {
  const silent = await serve(t, () => undefined)
  const alive = await serve(t, (_, response) => response.end('x'))
  const { client } = clientFor(t, silent.url, {}, { limits: { headersMs: 60 } })
  await rejection(client.get(BLOB), 'upstream_timeout')
  assert.equal(client.health('hub'), 'open')
  client.update([settings(alive.url)])
  assert.equal(client.health('hub'), 'closed')
  assert.equal(await textOf((await client.get(BLOB)).body), 'x')
})

test('an end of everything under way on old settings is no failure of its own', async (t) => {
  const failures: unknown[] = []
  const note = (error: unknown): void => void failures.push(error)
  process.on('unhandledRejection', note)
  t.after(() => void process.off('unhandledRejection', note))
  const hub = await serve(t, () => undefined)
  const { client } = clientFor(t, hub.url)
  const asked = rejection(client.get(BLOB), 'shutting_down')
  await until(() => hub.hits.length === 1)
  client.update([])
  await client.close()
  await asked
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(failures, [])
})
