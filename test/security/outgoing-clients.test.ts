import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { digestOf } from '../../src/domain/digest.ts'
import { request, sendRaw } from '../http/raw.ts'
import { type Cachalot, startCachalot } from '../support/cachalot.ts'
import type { Fetched } from '../support/http.ts'
import { tempDir } from '../support/temp.ts'
import {
  answerImage,
  assertNoCredentials,
  BLOB_DIGEST,
  LOGIN,
  MANIFEST,
  MANIFEST_TYPE,
  openEvil,
  openPlace,
  PASSWORD,
  PATHS,
  saidWith,
  sendBytes,
  startCache,
} from './support.ts'
import { lookedUp, setName } from './support-internet.ts'
import { filesText } from './support-secrets.ts'

/** Everything that an upstream is ever sent beside its credentials. */
const SENT = new Set(['host', 'connection', 'user-agent', 'accept', 'accept-encoding'])

const FROM_CLIENT = {
  authorization: 'Bearer CANARY-client',
  'proxy-authorization': 'Basic CANARY-client',
  cookie: 'session=CANARY-client',
  'x-forwarded-for': '203.0.113.77',
  'x-forwarded-host': 'CANARY-client.test',
  'x-forwarded-proto': 'https',
  'x-real-ip': '203.0.113.77',
  forwarded: 'for=203.0.113.77;host=CANARY-client.test',
  via: '1.1 CANARY-client',
  referer: 'http://CANARY-client.test/',
  origin: 'http://CANARY-client.test',
  'user-agent': 'CANARY-client',
  'x-registry-auth': 'CANARY-client',
  'x-amz-security-token': 'CANARY-client',
  'accept-encoding': 'gzip',
  'accept-language': 'CANARY-client',
  expect: '100-continue',
  te: 'trailers',
  traceparent: 'CANARY-client',
}

const FROM_UPSTREAM = {
  'Set-Cookie': ['a=CANARY-upstream; Path=/', 'b=CANARY-upstream; HttpOnly'],
  'WWW-Authenticate': 'Basic realm="CANARY-upstream"',
  'Proxy-Authenticate': 'Basic realm="CANARY-upstream"',
  'Authentication-Info': 'CANARY-upstream',
  Server: 'CANARY-upstream',
  Via: '1.1 CANARY-upstream',
  'X-Powered-By': 'CANARY-upstream',
  'X-Amz-Request-Id': 'CANARY-upstream',
  Location: 'http://CANARY-upstream.test/',
  Refresh: '0; url=http://CANARY-upstream.test/',
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Credentials': 'true',
  'Strict-Transport-Security': 'max-age=1; preload',
  'Content-Disposition': 'attachment; filename=CANARY-upstream',
  'Content-Security-Policy': "script-src 'unsafe-inline'",
  'Clear-Site-Data': '"*"',
  'Alt-Svc': 'h2="CANARY-upstream.test:443"',
  Warning: '199 - "CANARY-upstream"',
  'X-Cache': 'CANARY-upstream',
  'OCI-Namespace': 'CANARY-upstream',
  'Docker-Upload-UUID': 'CANARY-upstream',
}
const STRANGE = Object.keys(FROM_UPSTREAM)
  .map((name) => name.toLowerCase())
  .filter((name) => !['content-security-policy', 'x-cache'].includes(name))

async function pullAll(cache: Cachalot, headers: Record<string, string> = {}): Promise<Fetched[]> {
  const answers: Fetched[] = []
  for (const path of [...Object.values(PATHS), '/v2/acme/none/manifests/1', '/v2/_catalog']) {
    for (const method of ['HEAD', 'GET', 'GET']) answers.push(await cache.fetch(path, { method, headers }))
  }
  return answers
}

test('of what a client sends, its upstream hears nothing, nor does the log or the index', async (t) => {
  const hub = await openPlace(t, 'hub.example', answerImage)
  const cache = await startCache(t, hub.base, { upstream: { tag_ttl: '0s' } })
  const answers = await pullAll(cache, FROM_CLIENT)
  assert.ok(hub.hits.length >= 8)
  for (const { url, headers } of hub.hits) {
    const others = Object.keys(headers).filter((name) => !SENT.has(name))
    assert.deepEqual(others, [], url)
    assert.match(headers['user-agent'] ?? '', /^cachalot\/[\w.-]+$/)
    assert.equal(headers['accept-encoding'], 'identity')
    assert.ok(!`${url} ${JSON.stringify(headers)}`.includes('CANARY'), url)
  }
  const secret = /CANARY-client(?!")/
  assert.doesNotMatch(JSON.stringify(answers.map(({ headers }) => headers)), secret)
  assert.ok(!(await filesText(cache.dataDir)).includes('CANARY-client'))
  // The log says which program asked, in its own words.
  const lines = cache.log.entries.map(({ fields: { agent: _agent, ...rest } }) => JSON.stringify(rest))
  assert.doesNotMatch(lines.join('\n'), /CANARY/)
})

test('of the headers of an upstream, clients and the index get none but those of the content', async (t) => {
  let redirecting = false
  const hub = await openPlace(t, 'hub.example', (req, response, n) => {
    for (const [name, value] of Object.entries(FROM_UPSTREAM)) response.setHeader(name, value)
    if (!redirecting || req.url?.startsWith('/there') === true) return answerImage(req, response, n)
    response.writeHead(307, { Location: `/there${req.url}` }).end()
  })
  const cache = await startCache(t, hub.base, { upstream: { tag_ttl: '0s' } })
  for (redirecting of [false, true]) {
    for (const { headers, body } of await pullAll(cache)) {
      assert.deepEqual(
        STRANGE.filter((name) => name in headers),
        [],
      )
      assert.ok(!JSON.stringify(headers).includes('CANARY'))
      assert.ok(!body.includes('CANARY'))
      assert.doesNotMatch(String(headers['content-security-policy']), /unsafe/)
    }
    await cache.restart()
  }
  assert.ok(hub.hits.every(({ headers }) => headers.cookie === undefined))
  assert.ok(!cache.log.text().includes('CANARY'))
  assert.ok(!(await filesText(cache.dataDir)).includes('CANARY'))
})

test('an error of an upstream does not make a client show who it is', async (t) => {
  for (const status of [401, 403, 404, 407, 429, 500]) {
    const hub = await openPlace(t, 'hub.example', (_, response) => {
      response.writeHead(status, FROM_UPSTREAM).end()
    })
    const cache = await startCache(t, hub.base)
    for (const { headers, status: told } of await pullAll(cache)) {
      assert.equal(headers['www-authenticate'], undefined)
      assert.equal(headers['set-cookie'], undefined)
      assert.ok(told !== 401 && told !== 407, String(told))
      assert.ok(!JSON.stringify(headers).includes('CANARY'))
    }
  }
})

describe('nobody is dialled', () => {
  test('whose address stands in a manifest', async (t) => {
    const evil = await openEvil(t)
    const urls = [`${evil.base}/layer`, 'http://127.0.0.1:1/layer']
    const descriptor = {
      mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
      size: 9,
      urls,
    }
    const missing = digestOf(Buffer.from('nobody has this'))
    const bytes = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MANIFEST_TYPE,
        config: { ...descriptor, digest: BLOB_DIGEST },
        layers: [{ ...descriptor, digest: missing }],
        manifests: [{ ...descriptor, digest: missing, mediaType: MANIFEST_TYPE }],
        subject: { ...descriptor, digest: digestOf(MANIFEST) },
        annotations: { 'org.opencontainers.image.url': evil.base },
      }),
    )
    const hub = await openPlace(t, 'hub.example', (req, response, n) => {
      if (req.url?.includes(missing) === true) response.writeHead(404).end()
      else if (req.url?.includes('/manifests/') === true) sendBytes(req, response, bytes, MANIFEST_TYPE)
      else answerImage(req, response, n)
    })
    const cache = await startCache(t, hub.base)
    assert.ok((await cache.fetch(PATHS.manifest)).body.equals(bytes))
    for (const path of [`/v2/acme/app/blobs/${missing}`, `/v2/acme/app/manifests/${missing}`]) {
      assert.equal((await cache.fetch(path)).status, 404)
    }
    await cache.fetch(PATHS.referrers)
    assert.equal(evil.accepted(), 0)
    assert.ok(!lookedUp().includes('evil.test'))
  })

  test('whom a Link header names: the next page comes from the same registry', async (t) => {
    const evil = await openEvil(t)
    const hub = await openPlace(t, 'hub.example', (req, response, n) => {
      response.setHeader('Link', `<${evil.base}/v2/acme/app/tags/list?last=1>; rel="next"`)
      answerImage(req, response, n)
    })
    const cache = await startCache(t, hub.base)
    for (const path of [PATHS.tags, `${PATHS.tags}?n=1`, PATHS.referrers]) {
      const { status, headers } = await cache.fetch(path)
      assert.equal(status, 200)
      assert.doesNotMatch(String(headers.link), /evil/)
    }
    assert.equal(evil.accepted(), 0)
  })

  test('whom a request names as its registry, host or target', async (t) => {
    const evil = await openEvil(t)
    for (const name of ['metadata.test', 'evil.example']) setName(name, ['11.0.0.250'])
    const hub = await openPlace(t, 'hub.example', answerImage)
    const cache = await startCache(t, hub.base)
    const hosts = [
      evil.name,
      `${evil.name}:${evil.port}`,
      `${evil.address}:${evil.port}`,
      `http://${evil.name}`,
      `me:secret@${evil.name}`,
      '127.0.0.1',
      '169.254.169.254',
      '[::1]',
      'localhost',
      'hub.example',
      '',
      ' ',
      '../evil.test',
    ]
    for (const host of hosts) {
      const ns = `?ns=${encodeURIComponent(host)}`
      for (const path of [PATHS.manifest, PATHS.blob, PATHS.tags, PATHS.referrers, '/v2/']) {
        const answer = await sendRaw(cache.port, request(`${path}${ns}`))
        if (path !== '/v2/' && host.trim() !== '') assert.match(String(answer.status), /^40[04]$/, host)
      }
    }
    for (const host of [evil.name, `${evil.name}:${evil.port}`]) {
      for (const path of [`/v2/${host}/app/manifests/1`, `/${host}/v2/app/manifests/1`]) {
        await sendRaw(cache.port, request(path))
      }
      const bytes = request(PATHS.manifest).replace('cache.test', host)
      await sendRaw(cache.port, bytes)
      for (const target of [
        `http://${host}${PATHS.manifest}`,
        `https://${host}/`,
        `//${host}${PATHS.blob}`,
      ]) {
        assert.notEqual((await sendRaw(cache.port, request(target))).status, 200)
      }
      assert.notEqual((await sendRaw(cache.port, request(host, [], 'CONNECT'))).status, 200)
    }
    assert.equal(evil.accepted(), 0)
    const dialled = new Set(lookedUp().filter((name) => name !== 'hub.example'))
    assert.deepEqual([...dialled], [])
  })

  test('by a push, whatever it brings along', async (t) => {
    const hub = await openPlace(t, 'hub.example', answerImage)
    const cache = await startCache(t, hub.base)
    for (const [method, path] of [
      ['POST', '/v2/acme/app/blobs/uploads/'],
      ['POST', `/v2/acme/app/blobs/uploads/?mount=${BLOB_DIGEST}&from=acme/other`],
      ['PATCH', '/v2/acme/app/blobs/uploads/1'],
      ['PUT', `/v2/acme/app/blobs/uploads/1?digest=${BLOB_DIGEST}`],
      ['PUT', PATHS.manifest],
    ] as const) {
      const answer = await cache.fetch(path, { method, headers: FROM_CLIENT, body: 'x' })
      assert.equal(answer.status, 405)
      assert.equal(answer.headers.location, undefined)
    }
    assert.equal(hub.accepted(), 0)
  })
})

test('an upstream that moves gets neither the token nor the login of the old place', async (t) => {
  const challenge = { 'WWW-Authenticate': 'Basic realm="x"' }
  const old = await openPlace(t, 'hub.example', (req, response, n) => {
    if (req.headers.authorization === LOGIN) answerImage(req, response, n)
    else response.writeHead(401, challenge).end()
  })
  const moved = await openPlace(t, 'moved.test', (_, response) => response.writeHead(401, challenge).end())
  const file = join(await tempDir(t), 'password')
  await writeFile(file, PASSWORD, { mode: 0o600 })
  const named = { name: 'docker.io', username: 'puller', password_file: file }
  const cache = await startCachalot(t, { upstreams: [{ ...named, url: old.base }] })
  assert.equal((await cache.fetch(PATHS.manifest)).status, 200)
  await cache.reload({ upstreams: [{ name: 'docker.io', url: moved.base }] })
  saidWith(await cache.fetch(PATHS.blob), 403)
  assert.equal(moved.hits.length, 1)
  assertNoCredentials(moved)
})
