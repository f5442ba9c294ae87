import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { bcryptLine } from '../auth/support.ts'
import { startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import type { BuiltImage } from '../support/oci-image.ts'
import { tempDir } from '../support/temp.ts'
import { createKeyCommands } from './access-keys.ts'
import { ASKS_KEY, encoded, HUB, headerOf, PULLER } from './access-lab.ts'
import { type Ask, openWire, type Reply, type Wire } from './wire.ts'

/** A client that Debian does not have, and where it has the key. */
interface Client {
  readonly name: string
  readonly agent: string
  /** What it asks first, if anything. */
  readonly ping?: string
  /** What stands before the repository. */
  readonly front: string
  readonly query: '' | '?ns=docker.io'
}

const OVERLAY2 =
  'docker/27.5.1 go/go1.22.11 kernel/6.1.0 os/linux UpstreamClient(Docker-Client/27.5.1 \\(linux\\))'
const CONTAINERD_STORE = 'docker/29.0.0 containerd-client/v2.1.4 storage-driver/overlayfs'
const NS = '?ns=docker.io'

const CLIENTS: readonly Client[] = [
  {
    name: 'Docker 25 and later, a mirror with the key as its path',
    agent: OVERLAY2,
    ping: '/k/<key>/v2/',
    front: '/k/<key>/v2/',
    query: '',
  },
  {
    name: 'Docker with the containerd store, a host with the key as its path',
    agent: CONTAINERD_STORE,
    front: '/k/<key>/v2/',
    query: NS,
  },
  { name: 'BuildKit, a mirror with a path', agent: 'buildkit/v0.25', front: '/v2/k/<key>/', query: NS },
  {
    name: 'BuildKit, a mirror with a path and the registry',
    agent: 'buildkit/v0.25',
    front: '/v2/k/<key>/docker.io/',
    query: NS,
  },
  {
    name: 'k3s, an endpoint with a path',
    agent: 'containerd/v2.1.4-k3s1',
    front: '/v2/k/<key>/',
    query: NS,
  },
  {
    name: 'k3s, an endpoint with a path and the registry',
    agent: 'containerd/v2.1.4-k3s1',
    front: '/v2/k/<key>/docker.io/',
    query: NS,
  },
]

async function openScene(t: TestContext) {
  const dir = await tempDir(t)
  const htpasswd = join(dir, 'users')
  await writeFile(htpasswd, bcryptLine(PULLER.name, PULLER.password))
  const auth = { htpasswd, anonymous_pull: 'none' }
  const { hub, cache } = await startPair(t, { clock: fakeClock(), config: { auth } })
  const keys = await createKeyCommands({ dir, dataDir: cache.dataDir })
  const wire = (headers: Record<string, string>): Wire => {
    const opened = openWire(cache.url, headers)
    t.after(() => opened.close())
    return opened
  }
  return { hub, cache, keys, wire }
}

/** The tag, then everything by its digest. */
function asksOf({ ping, front, query }: Client, key: string, image: BuiltImage): Ask[] {
  const at = (path: string): string => `${front}library/app/${path}${query}`
  const blobs = [image.config, ...image.layers]
  const asks: Ask[] = [
    ...(ping === undefined ? [] : [{ path: ping }]),
    { method: 'HEAD', path: at('manifests/1') },
    { path: at(`manifests/${image.manifest.digest}`) },
    ...blobs.map((blob) => ({ path: at(`blobs/${blob.digest}`) })),
  ]
  return asks.map((ask) => ({ ...ask, path: ask.path.replace('<key>', key) }))
}

async function send(wire: Wire, asks: readonly Ask[]): Promise<Reply[]> {
  const replies: Reply[] = []
  for (const ask of asks) replies.push(await wire.ask(ask))
  return replies
}

/** What a client is told: status, the kind of login it is asked for, and the reason where there is a body. */
function told({ status, headers, body }: Reply): readonly unknown[] {
  return [status, headers['www-authenticate'], /"message":"([^"]*)"/.exec(body.toString())?.[1]]
}

for (const client of CLIENTS) {
  void test(`with a pull key: ${client.name}`, async (t) => {
    const { hub, cache, keys, wire } = await openScene(t)
    const image = hub.addImage('library/app', { tags: ['1'], layers: 2 })
    const key = await keys.add('robot')
    const asks = asksOf(client, key, image)
    const plain = wire({ 'User-Agent': client.agent })

    await t.test('cold, then warm without any request upstream', async () => {
      const cold = await send(plain, asks)
      assert.deepEqual(new Set(cold.map(told).map(String)), new Set([String([200, undefined, undefined])]))
      assert.deepEqual(cold[client.ping === undefined ? 1 : 2]?.body, image.manifest.bytes)
      const asked = hub.requests.count()
      const warm = await send(plain, asks)
      assert.deepEqual(new Set(warm.map(({ headers }) => headers['x-cache'])), new Set(['hit']))
      assert.equal(hub.requests.count(), asked)
    })
    await t.test('a password of Docker Hub beside it changes nothing, and stays here', async () => {
      const replies = await send(wire({ 'User-Agent': client.agent, Authorization: headerOf(HUB) }), asks)
      assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([200]))
      assert.deepEqual(
        hub.requests.list().filter(({ headers }) => headers.authorization !== undefined),
        [],
      )
    })
    await t.test('revoked or misspelt it asks for no password, and none helps', async () => {
      await keys.revoke('robot')
      const wires = [plain, wire({ 'User-Agent': client.agent, Authorization: headerOf(PULLER) })]
      const misspelt = asks.map((ask) => ({ ...ask, path: ask.path.replace(key, `${key.slice(0, -1)}_`) }))
      for (const each of wires) {
        for (const [i, reply] of (await send(each, asks)).entries()) {
          const why = asks[i]?.method === 'HEAD' ? undefined : 'this pull key is revoked'
          assert.deepEqual(told(reply), [401, ASKS_KEY, why])
        }
        for (const reply of await send(each, misspelt))
          assert.deepEqual(told(reply).slice(0, 2), [401, ASKS_KEY])
      }
    })
    for (const secret of [key, HUB.password, encoded(HUB)]) assert.ok(!cache.log.text().includes(secret))
  })
}
