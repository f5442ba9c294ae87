import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { blobPath, manifestPath } from '../e2e/support.ts'
import { type RawAnswer, request, sendRaw } from '../http/raw.ts'
import { type Cachalot, startPair } from '../support/cachalot.ts'

const SCRIPT = Buffer.from('<!doctype html><script>alert(1)</script>')

/** A cache in front of an upstream that calls everything a web page. */
async function startBehindPages(t: TestContext) {
  const { hub, cache } = await startPair(t)
  const image = hub.addImage('library/app', { tags: ['1', '2', '3'], layers: 1 })
  hub.faults.add({
    fault: {
      headers: {
        'Content-Type': 'text/html; charset=utf-8',
        'Content-Disposition': 'inline; filename="x.html"',
        'Content-Security-Policy': "script-src 'unsafe-inline'",
        'X-Content-Type-Options': 'sniff',
        'Access-Control-Allow-Origin': '*',
        'Set-Cookie': 'a=b',
        Refresh: '0; url=http://evil.test/',
        Location: 'http://evil.test/',
        Server: 'evil',
        'X-Powered-By': 'evil',
      },
    },
  })
  const page = hub.addBlob('library/app', SCRIPT)
  return { hub, cache, image, page }
}

function assertInert(answer: RawAnswer, what: string): void {
  const { headers, status } = answer
  assert.notEqual(status, 0, what)
  assert.equal(headers.get('x-content-type-options'), 'nosniff', what)
  assert.match(headers.get('content-security-policy') ?? '', /(?:^|; )sandbox$/, what)
  assert.match(headers.get('content-security-policy') ?? '', /^default-src 'none'/, what)
  for (const name of [
    'access-control-allow-origin',
    'set-cookie',
    'refresh',
    'location',
    'server',
    'x-powered-by',
    'content-disposition',
  ]) {
    assert.equal(headers.get(name), undefined, `${what}: ${name}`)
  }
}

/** SEC-42 */
suite('whatever a browser is made to open', () => {
  test('runs nothing: every answer below /v2/ says so, and blobs are bytes and nothing else', async (t) => {
    const { cache, image, page } = await startBehindPages(t)
    const blob = blobPath(page.digest)
    const asked: readonly (readonly [target: string, headers?: readonly string[], method?: string])[] = [
      ['/v2/'],
      [manifestPath('1')],
      [manifestPath('1'), [], 'HEAD'],
      [manifestPath(image.manifest.digest)],
      [blob],
      [blob],
      [blob, [], 'HEAD'],
      [blob, ['Range: bytes=0-3']],
      [blob, ['Range: bytes=0-3,9-12']],
      [blob, ['Range: bytes=999999-']],
      [blob, [`If-None-Match: "${page.digest}"`]],
      ['/v2/library/app/tags/list'],
      ['/v2/library/app/tags/list?n=1'],
      [`/v2/library/app/referrers/${image.manifest.digest}`],
      ['/v2/_catalog'],
      [manifestPath('none')],
      ['/v2/library/app/manifests/<script>alert(1)</script>'],
      ['/v2/<script>alert(1)</script>/manifests/1'],
      ['/v2/library/app/tags/list?n=<script>'],
      ['/v2/?ns=<script>'],
      ['/v2/unknown.test/<script>/manifests/1'],
      ['/v2/unknown.test/app/manifests/1'],
      [blob, [], 'PUT'],
      [blob, [], 'DELETE'],
      ['/v2/nothing'],
      ['/v2/library/app/manifests/1', ['Host: second.test']],
      ['http://evil.test/v2/'],
      ['/v2/', ['Content-Length: x']],
      ['/v2/', [`X: ${'y'.repeat(40_000)}`]],
      ['/v2/', [], 'get'],
    ]
    for (const [target, headers = [], method = 'GET'] of asked) {
      const what = `${method} ${target.slice(0, 80)} ${String(headers).slice(0, 40)}`
      const answer = await sendRaw(cache.port, request(target, [...headers, 'Connection: close'], method))
      assertInert(answer, what)
      const type = answer.headers.get('content-type') ?? ''
      const isScript = answer.body.includes('<script>')
      if (target === blob && answer.status < 300)
        assert.match(type, /^(?:application\/octet-stream|multipart\/byteranges; boundary=[0-9a-f]+)$/, what)
      else if (isScript) assert.equal(type, 'application/json', what)
    }
  })

  test('is typed by us where there is no protocol, and not guessed', async (t) => {
    const { cache } = await startPair(t)
    for (const path of ['/', '/healthz', '/readyz', '/nothing', '/<script>alert(1)</script>']) {
      const answer = await sendRaw(cache.port, request(path, ['Connection: close']))
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff', path)
      assert.doesNotMatch(answer.headers.get('content-type') ?? '', /html/, path)
      assert.doesNotMatch(answer.body, /<script>/, path)
    }
  })

  test('a manifest of any type keeps its bytes and is inert', async (t) => {
    const { hub, cache } = await startPair(t)
    for (const [i, mediaType] of ['text/html', 'image/svg+xml', 'application/xhtml+xml'].entries()) {
      hub.addManifest('library/app', { bytes: SCRIPT, mediaType, tags: [`t${i}`] })
      for (let round = 0; round < 2; round++) {
        const answer = await sendRaw(cache.port, request(manifestPath(`t${i}`)))
        assertInert(answer, mediaType)
        assert.equal(answer.body, SCRIPT.toString())
      }
    }
  })
})

/** What stands in a Host header, and what of it must be found nowhere. */
const HOSTS: readonly (readonly [host: string, trace: string])[] = [
  ['evil.test', 'evil.test'],
  ['evil.test:99999', 'evil.test'],
  ['evil.test:fake@cache.test', 'evil.test'],
  ['a@evil.test', 'evil.test'],
  ['<script>evil', 'evil'],
  ['evil.test/v2/../', 'evil.test'],
  ['[::1]', '[::1]'],
  ['evil\u00e4.test', 'evil'],
]

/** SEC-46 */
test('no answer repeats what a Host header says, and links are paths', async (t) => {
  const { hub, cache } = await startPair(t)
  for (const tag of ['1', '2', '3']) hub.addImage('library/app', { tags: [tag], layers: 0 })
  hub.addImage('library/b', { tags: ['1'], layers: 0 })
  for (const path of [manifestPath('1'), manifestPath('1', 'library/b')]) await cache.fetch(path)
  const paths = [
    '/v2/',
    '/v2/app/tags/list?n=1',
    '/v2/_catalog?n=1',
    manifestPath('1'),
    '/v2/app/x',
    '/',
    '/healthz',
    '/x',
  ]
  for (const [host, trace] of HOSTS) {
    for (const path of paths) {
      const bytes = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`
      const { status, headers, body } = await sendRaw(cache.port, bytes)
      const said = `${[...headers].join('\n')}\n${body}`
      assert.ok(status > 0 && status < 500, `${host} ${path}: ${status}`)
      assert.ok(!said.includes(trace), `${host} ${path}: ${said}`)
      if (path.includes('n=1') && status === 200) assert.match(headers.get('link') ?? '', /^<\/v2\//)
    }
  }
})

/** SEC-48 */
test('nobody is let in who was not given a password: there is none to begin with', async (t) => {
  const { hub, cache } = await startPair(t, { config: { auth: { anonymous_pull: 'none' } } })
  hub.addImage('library/app', { tags: ['1'], layers: 0 })
  const names = [
    'admin',
    'root',
    'cachalot',
    'operator',
    'user',
    'anonymous',
    'docker',
    'registry',
    'test',
    '',
  ]
  const passwords = [
    'admin',
    'Harbor12345',
    'admin123',
    'cachalot',
    'password',
    'changeme',
    'docker',
    'root',
    '123456',
    '',
  ]
  const logins = names.flatMap((name) => passwords.map((password) => `${name}:${password}`))
  const headers = [
    ...logins.map((login) => `Basic ${Buffer.from(login).toString('base64')}`),
    'Basic',
    'Bearer null',
    'Bearer undefined',
    'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.',
    'Digest username="admin"',
  ]
  for (const authorization of headers) {
    const answers = ['/v2/', manifestPath('1'), '/v2/_catalog'].map((path) => ask(cache, path, authorization))
    for (const status of await Promise.all(answers))
      assert.ok([401, 429].includes(status), `${authorization}: ${status}`)
  }
  for (const path of [
    '/api/v1/stats',
    '/api/v1/images',
    '/api/v1/users',
    '/ui/',
    '/setup',
    '/admin',
    '/debug/pprof/',
  ])
    assert.ok([401, 404].includes(await ask(cache, path, headers[0] ?? '')), path)
  assert.equal(hub.requests.count(), 0)
})

async function ask(cache: Cachalot, path: string, authorization: string): Promise<number> {
  return (await cache.fetch(path, { headers: { authorization } })).status
}
