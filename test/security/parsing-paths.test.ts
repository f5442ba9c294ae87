import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { blobPath, manifestPath } from '../e2e/support.ts'
import { request, sendRaw } from '../http/raw.ts'
import { startPair } from '../support/cachalot.ts'
import { column, createChance, rowCounts } from './incoming-support.ts'

const HEX = '0'.repeat(64)

/** What must never be asked of an upstream: anything but these. */
const CANONICAL =
  /^\/v2\/[a-z0-9._/-]+\/(?:manifests\/\w[\w.:-]*|(?:blobs|referrers)\/sha(?:256|512):[0-9a-f]+|tags\/list)$/

/** SEC-53 */
suite('a path that leads elsewhere', () => {
  const steps = [
    '..',
    '%2e%2e',
    '%2e.',
    '..%2f..',
    '%2e%2e%2f',
    '..%5c',
    '..\\',
    '%252e%252e',
    '..;',
    '.',
    '%00',
    '...',
  ]
  const targets = [
    ...steps.flatMap((step) => [
      `/v2/${step}/${step}/secret/manifests/x`,
      `/v2/library/${step}/${step}/secret/manifests/x`,
      `/v2/${step}/${step}/${step}/secret`,
      `/${step}/secret`,
      `/v2/${step}%2fsecret/manifests/x`,
      `/v2/library/app/manifests/${step}`,
      `/v2/library/app/manifests/${step}/${step}/secret`,
      `/v2/library/app/blobs/sha256:${step}/${step}/secret`,
      `/v2/library/app/blobs/sha256:${step}%2fsecret`,
      `/v2/library/app/blobs/${step}/secret`,
      `/v2/library/app/referrers/${step}/${step}/secret`,
      `/v2/library/app/blobs/uploads/${step}/secret`,
      `/${step}/v2/`,
      `/v2/?ns=${step}/secret`,
    ]),
    `/v2/library/app/blobs/sha256:${'A'.repeat(64)}`,
    `/v2/library/app/blobs/sha256:${HEX}0`,
    `/v2/library/app/blobs/sha256:${HEX.slice(1)}`,
    `/v2/library/app/blobs/sha512:${HEX}`,
    `/v2/library/app/blobs/md5:${'0'.repeat(32)}`,
    `/v2/library/app/blobs/sha256+b64:${HEX}`,
    `/v2/library/app/blobs/sha256:${HEX.slice(5)}/../x`,
    `/v2/library/app/manifests/${'a'.repeat(129)}`,
    `/v2/${'a'.repeat(300)}/manifests/x`,
    `/v2/${'a/'.repeat(2000)}manifests/x`,
    '/etc/passwd',
    '//etc/passwd',
    '/file:///etc/passwd',
    '/v2/%2fetc%2fpasswd/manifests/x',
    '/cachalot.db',
    '/data/cachalot.db',
    '/assets/%2f%2f..%2f..%2fsecret',
  ]

  test('opens no file, asks nobody and changes nothing', async (t) => {
    const { hub, cache } = await startPair(t)
    const canary = 'SQLite format 3 or the CANARY beside it'
    const outside = join(cache.dataDir, '..')
    for (const folder of [outside, cache.dataDir, join(cache.dataDir, 'blobs')]) {
      await mkdir(folder, { recursive: true })
      await writeFile(join(folder, 'secret'), canary)
    }
    const kept = () => ({ ...rowCounts(cache.dataDir), audit: 0 })
    const before = kept()
    for (const target of targets) {
      for (const method of ['GET', 'DELETE', 'PUT']) {
        const { status, body } = await sendRaw(cache.port, request(target, [], method))
        assert.ok(status >= 400 && status < 500, `${method} ${target.slice(0, 200)}: ${status}`)
        assert.doesNotMatch(body, /CANARY|SQLite format|root:/)
      }
    }
    for (const { path, query } of hub.requests.list()) assert.fail(`${path}?${query} was asked`)
    assert.deepEqual(kept(), before)
  })
})

/** SEC-24 */
suite('what a name is kept under', () => {
  const junk = [
    ';x',
    ';a=b',
    '%2f',
    '%2F',
    '%00',
    '%0a',
    '//',
    '/',
    '?x=y',
    '?ns=docker.io',
    '?',
    '&',
    '#',
    '#x',
  ]
  const more = [
    '%23',
    '%3f',
    '%3b',
    '%6c',
    '%6C',
    '..',
    '.',
    '%2e',
    '\\',
    '+',
    '%20',
    '%',
    '%zz',
    '@',
    ':',
    '*',
    '~',
    'A',
  ]
  const bases = ['/v2/library/app/manifests/1', '/v2/app/manifests/1', '/docker.io/v2/app/manifests/1']

  test('is what the request was understood as, and nothing of how it was spelled', async (t) => {
    const { hub, cache } = await startPair(t)
    const { manifest } = hub.addImage('library/app', { tags: ['1'], layers: 0 })
    const shots = fc.sample(
      fc.record({
        base: fc.constantFrom(...bases),
        put: fc.array(fc.tuple(fc.nat({ max: 40 }), fc.constantFrom(...junk, ...more)), {
          minLength: 1,
          maxLength: 2,
        }),
      }),
      { numRuns: 1500, seed: 24 },
    )
    for (const { base, put } of shots) {
      let target = base
      for (const [at, text] of put) target = target.slice(0, at) + text + target.slice(at)
      const { status, body } = await sendRaw(cache.port, request(target))
      if (status === 200 && body.startsWith('{"schemaVersion"'))
        assert.equal(canonicalOf(target), '/v2/library/app/manifests/1', target)
      else assert.ok(status === 200 || (status >= 400 && status < 500), `${target}: ${status}`)
    }
    for (const { path, query } of hub.requests.list()) {
      assert.match(path, CANONICAL)
      assert.equal(query, '', path)
    }
    assert.deepEqual(column(cache.dataDir, 'SELECT DISTINCT name FROM repositories'), ['library/app'])
    assert.equal((await cache.fetch(manifestPath('1'))).headers['docker-content-digest'], manifest.digest)
  })

  test('is another one for every other name', async (t) => {
    const { hub, cache } = await startPair(t)
    const repos = [
      'a-b',
      'a_b',
      'a.b',
      'a/b',
      'a__b',
      'a--b',
      'ab',
      'b/a',
      'a/b/c',
      'manifests',
      'a/manifests',
      'v2/a',
    ]
    const tags = ['1', '1.0', '1_0', '1-0', 'a', 'A', 'latest', 'Latest', '_', 'manifests']
    const chance = createChance(24)
    const want = new Map<string, string>()
    for (const repo of repos) {
      for (const tag of tags) {
        const { manifest } = hub.addImage(`org/${repo}`, { tags: [tag], layers: 0 })
        want.set(manifestPath(tag, `org/${repo}`), manifest.digest)
      }
    }
    for (const round of ['cold', 'warm']) {
      for (const [path, digest] of [...want].sort(() => chance() - 0.5))
        assert.equal((await cache.fetch(path)).headers['docker-content-digest'], digest, `${path} ${round}`)
    }
    const layer = hub.addBlob('org/a-b', Buffer.from('only there'))
    assert.equal((await cache.fetch(blobPath(layer.digest, 'org/a-b'))).status, 200)
    for (const repo of repos.slice(1))
      assert.equal((await cache.fetch(blobPath(layer.digest, `org/${repo}`))).status, 404, repo)
  })
})

/** How RFC 3986 and the registry's shapes read a target, written down once more. */
function canonicalOf(target: string): string {
  const path = decodeURIComponent(target.split('?', 1)[0] ?? '').replace(/^\/docker\.io/, '')
  return path.replace('/v2/app/', '/v2/library/app/').replace('/v2/docker.io/', '/v2/')
}
