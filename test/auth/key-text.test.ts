import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { isKey, newKey, redactKeys, splitKey } from '../../src/auth/key-text.ts'
import { isRepositoryName } from '../../src/frontends/oci/name.ts'

const KEY = 'ck_0123456789abcdefghijklmno'

suite('a key', () => {
  test('is a component of a repository name, and never the same one', () => {
    const keys = Array.from({ length: 200 }, () => newKey())
    assert.ok(
      keys.every((key) => isKey(key) && isRepositoryName(['k', key, 'docker.io', 'library', 'nginx'])),
    )
    assert.equal(new Set(keys).size, 200)
  })

  test('is found in every place that clients put it', () => {
    const cases: Readonly<Record<string, string>> = {
      [`/k/${KEY}/v2/library/nginx/manifests/1`]: '/v2/library/nginx/manifests/1',
      [`/k/${KEY}/v2/`]: '/v2/',
      [`/k/${KEY}/v2`]: '/v2',
      [`/k/${KEY}`]: '/',
      [`/k/${KEY}/ghcr.io/v2/org/app/blobs/x`]: '/ghcr.io/v2/org/app/blobs/x',
      [`/k/${KEY}/go/golang.org/x/text/@v/list`]: '/go/golang.org/x/text/@v/list',
      [`/k/${KEY}/https://github.com/o/r/x`]: '/https://github.com/o/r/x',
      [`/v2/k/${KEY}/docker.io/library/nginx/tags/list`]: '/v2/docker.io/library/nginx/tags/list',
      [`/v2/k/${KEY}/`]: '/v2/',
      [`/v2/k/${KEY}`]: '/v2/',
    }
    for (const [path, rest] of Object.entries(cases))
      assert.deepEqual(splitKey(path), { kind: 'keyed', key: KEY, path: rest }, path)
  })

  test('is not seen in repositories that are called like its place', () => {
    const plain = [
      '/v2/k/app/manifests/1',
      '/v2/k/',
      '/v2/k',
      '/v2/org/k/ck_x/tags/list',
      '/v2/',
      '/',
      '/k',
      '/kk/x',
      '',
    ]
    for (const path of plain) assert.deepEqual(splitKey(path), { kind: 'plain', path }, path)
    assert.deepEqual(splitKey('/ghcr.io/v2/k/app/tags/list').kind, 'plain')
  })

  test('that is misspelt is one that nobody knows, and no repository', () => {
    const short = KEY.slice(0, -1)
    assert.deepEqual(splitKey(`/v2/k/${short}/nginx/tags/list`), {
      kind: 'keyed',
      key: short,
      path: '/v2/nginx/tags/list',
    })
    assert.deepEqual(splitKey('/k/oops/v2/'), { kind: 'keyed', key: 'oops', path: '/v2/' })
    assert.deepEqual(splitKey('/k//v2/'), { kind: 'keyed', key: '', path: '/v2/' })
    for (const key of [short, 'oops', '', KEY.toUpperCase(), `${KEY}a`]) assert.equal(isKey(key), false, key)
  })

  test('that somebody put elsewhere is one all the same, and never a repository', () => {
    const cases: Readonly<Record<string, string>> = {
      [`/docker.io/k/${KEY}/v2/library/nginx/tags/list`]: '/docker.io/v2/library/nginx/tags/list',
      [`/docker.io/v2/k/${KEY}/library/nginx/tags/list`]: '/docker.io/v2/library/nginx/tags/list',
      [`/v2/docker.io/k/${KEY}/library/nginx/tags/list`]: '/v2/docker.io/library/nginx/tags/list',
      [`/v2/${KEY}/library/nginx/tags/list`]: '/v2/library/nginx/tags/list',
      [`/${KEY}/v2/library/nginx/tags/list`]: '/v2/library/nginx/tags/list',
    }
    for (const [path, rest] of Object.entries(cases))
      assert.deepEqual(splitKey(path), { kind: 'keyed', key: KEY, path: rest }, path)
    for (const slip of [KEY.slice(0, -3), `${KEY}x`, KEY.toUpperCase(), KEY.replace('_', '%5F')])
      assert.equal(splitKey(`/v2/org/k/${slip}/app/tags/list`).kind, 'keyed', slip)
    assert.equal(splitKey(`/v2/library/nginx/manifests/${KEY}`).kind, 'plain', 'a tag')
    for (const name of ['ck_tools', 'ck', `x${KEY}`, `${KEY}-x`])
      assert.equal(splitKey(`/v2/${name}/app/tags/list`).kind, 'plain', name)
  })

  test('taken out of any path leaves a path', () => {
    const part = fc.constantFrom('k', 'v2', KEY, '..', 'ck_', '', '%2f', 'ghcr.io')
    const check = (parts: readonly string[]): void => {
      const path = `/${parts.join('/')}`
      const split = splitKey(path)
      assert.ok(split.path.startsWith('/'))
      if (split.kind === 'plain') assert.equal(split.path, path)
    }
    fc.assert(fc.property(fc.array(part, { maxLength: 8 }), check), { numRuns: 1000 })
  })
})

test('text for logs holds no key, and keeps everything else', () => {
  const cases: Readonly<Record<string, string>> = {
    [`/k/${KEY}/v2/x`]: '/k/***/v2/x',
    [`/v2/k/${KEY}/x`]: '/v2/k/ck_***/x',
    '/k/oops-a-secret/v2/': '/k/***/v2/',
    [`GET "/k/${KEY}" failed`]: 'GET "/k/***" failed',
    [`https://cache.example.com/k/${KEY}/go`]: 'https://cache.example.com/k/ck_***/go',
    [KEY.slice(0, 14)]: 'ck_***',
    [`/v2/k/${KEY.replace('_', '%5F')}/x`]: '/v2/k/ck_***/x',
    [KEY.toUpperCase()]: 'ck_***',
    '/v2/k/app/tags/list': '/v2/k/app/tags/list',
    '/v2/org/stack_builder_image/tags/list': '/v2/org/stack_builder_image/tags/list',
    '/v2/org/k/app/tags/list': '/v2/org/k/app/tags/list',
  }
  for (const [text, redacted] of Object.entries(cases)) assert.equal(redactKeys(text), redacted, text)
})
