import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { type Cachalot, startCachalot, startPair } from '../support/cachalot.ts'
import type { Fault } from '../support/fake-faults.ts'
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts'

const PASSWORD = 'CANARY-PASSWORD'

/** Asks for everything there is, by HEAD and GET; all that the answers say, as one text. */
async function pullAll(cache: Cachalot, paths: readonly string[], headers = {}): Promise<string> {
  const said: string[] = []
  for (const path of paths) {
    for (const method of ['HEAD', 'GET']) {
      const answer = await cache.fetch(path, { method, headers })
      said.push(JSON.stringify(answer.headers), answer.body.toString('latin1'))
    }
  }
  return said.join('\n')
}

/** Everything in the data folder but the blobs, which are the images' own. */
async function writtenBy(cache: Cachalot): Promise<string> {
  const inside = await readdir(cache.dataDir, { withFileTypes: true })
  const files = inside.filter((entry) => entry.isFile() && entry.name.startsWith('cachalot'))
  const names = files.map(({ name }) => name)
  assert.ok(names.length > 0)
  const texts = await Promise.all(names.map((name) => readFile(join(cache.dataDir, name), 'latin1')))
  return texts.join('\n')
}

/** A hub that wants a login and redirects its blobs to signed addresses, and a cache that has the login. */
async function startPrivate(t: TestContext): Promise<{ hub: FakeUpstream; cache: Cachalot }> {
  const hub = await startFakeUpstream({ auth: 'bearer', users: { puller: PASSWORD }, blobs: 'redirect' })
  const cache = await startCachalot(t, {
    upstreams: [{ name: 'docker.io', url: hub.url, username: 'puller' }],
    env: { CACHALOT_UPSTREAM__DOCKER_IO__PASSWORD: PASSWORD },
  })
  t.after(() => hub.close())
  return { hub, cache }
}

/** What we sent to show who we are, in every spelling it had on the wire. */
function secretsSeenBy(hub: FakeUpstream): string[] {
  const records = hub.requests.list()
  const words = records.flatMap(({ headers }) => headers.authorization?.split(' ').slice(1) ?? [])
  const signatures = records.flatMap(({ query }) => new URLSearchParams(query).get('X-Amz-Signature') ?? [])
  return [...new Set([...words, ...signatures, PASSWORD])]
}

describe('what a request brought along', () => {
  test('never reaches the upstream, a log line, an answer or the index', async (t) => {
    const { hub, cache } = await startPair(t)
    const { manifest, config } = hub.addImage('library/app', { tags: ['1'] })
    const headers = {
      authorization: 'Bearer CANARY-CLIENT',
      'proxy-authorization': 'Basic CANARY-CLIENT',
      cookie: 'session=CANARY-CLIENT',
      'x-registry-auth': 'CANARY-CLIENT',
    }
    const paths = [
      '/v2/',
      '/v2/app/manifests/1',
      `/v2/app/manifests/${manifest.digest}`,
      `/v2/app/blobs/${config.digest}`,
      '/v2/app/tags/list',
      `/v2/app/referrers/${manifest.digest}`,
      '/v2/app/manifests/none',
      '/v2/APP/manifests/none',
    ]
    const said = await pullAll(cache, paths, headers)
    const asked = hub.requests.list().map((record) => JSON.stringify(record.headers))
    assert.ok(asked.length >= 5)
    for (const text of [said, ...asked, cache.log.text(), await writtenBy(cache)]) {
      assert.doesNotMatch(text, /CANARY/)
    }
  })
})

describe('what we know of an upstream', () => {
  const canary = 'https://user:CANARY-INFO@host.test/x?X-Amz-Signature=CANARY-QUERY Bearer CANARY-BEARER'
  const troubles: Readonly<Record<string, readonly { when?: object; fault: Fault }[]>> = {
    'all goes well': [],
    'the blob store refuses': [{ when: { role: 'cdn' }, fault: { status: 403 } }],
    'the blob store quotes what it was asked': [
      { when: { role: 'cdn' }, fault: { status: 400, body: `<Error><Message>${canary}</Message></Error>` } },
    ],
    'the blob store is cut': [{ when: { role: 'cdn' }, fault: { close: true } }],
    'the redirect has expired': [{ when: { kind: 'blob' }, fault: { expireRedirect: true } }],
    'the redirect leads nowhere': [
      { when: { kind: 'blob' }, fault: { redirectTo: 'http://127.0.0.1:9/?X-Amz-Signature=CANARY-NOWHERE' } },
    ],
    'the token service refuses': [
      { when: { role: 'token' }, fault: { status: 400, body: `password=${PASSWORD}` } },
      { when: { kind: 'token' }, fault: { status: 400, body: `password=${PASSWORD}` } },
    ],
    'the upstream quotes our token': [{ when: { kind: 'blob' }, fault: { status: 403, body: canary } }],
  }
  for (const [trouble, rules] of Object.entries(troubles)) {
    test(`never reaches a log line, an answer or the index, when ${trouble}`, async (t) => {
      const { hub, cache } = await startPrivate(t)
      const { manifest, config, layers } = hub.addImage('library/app', { tags: ['1'] })
      for (const { when, fault } of rules) hub.faults.add({ ...(when === undefined ? {} : { when }), fault })
      const paths = [
        '/v2/app/manifests/1',
        `/v2/app/manifests/${manifest.digest}`,
        ...[config, ...layers.slice(0, 1)].map(({ digest }) => `/v2/app/blobs/${digest}`),
        '/v2/app/tags/list',
      ]
      const said = await pullAll(cache, paths)
      const secrets = secretsSeenBy(hub)
      assert.ok(secrets.length > 1, 'credentials were shown')
      const texts = { answers: said, log: cache.log.text(), index: await writtenBy(cache) }
      for (const [where, text] of Object.entries(texts)) {
        for (const secret of [...secrets, 'CANARY']) {
          assert.ok(!text.includes(secret), `${secret} is in the ${where}`)
        }
        assert.ok(!text.includes(hub.cdnUrl) || where !== 'answers', 'the address of the blob store')
      }
    })
  }
})
