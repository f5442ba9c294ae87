import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { isRepositoryName } from '../../src/frontends/oci/name.ts'
import { parseOciPath } from '../../src/frontends/oci/path.ts'
import { codeOf, digest, repository, TRAPS, tag } from './support.ts'

const HEX = 'ab'.repeat(32)
const refused = (path: string) => codeOf(() => parseOciPath(path))

describe('a registry path', () => {
  test('gives back the name, tag or digest it was written from', () => {
    fc.assert(
      fc.property(repository, tag, digest, (name, tagText, digestText) => {
        const at = `/v2/${name.join('/')}`
        assert.deepEqual(parseOciPath(`${at}/manifests/${tagText}`), {
          prefix: undefined,
          resource: { kind: 'manifest', name, reference: { kind: 'tag', text: tagText } },
        })
        assert.deepEqual(parseOciPath(`${at}/manifests/${digestText}`)?.resource, {
          kind: 'manifest',
          name,
          reference: { kind: 'digest', text: digestText },
        })
        assert.deepEqual(parseOciPath(`${at}/blobs/${digestText}`)?.resource, {
          kind: 'blob',
          name,
          digest: digestText,
        })
        assert.deepEqual(parseOciPath(`${at}/referrers/${digestText}`)?.resource, {
          kind: 'referrers',
          name,
          digest: digestText,
        })
        assert.deepEqual(parseOciPath(`${at}/tags/list`)?.resource, { kind: 'tags', name })
      }),
      { numRuns: 500 },
    )
  })

  test('may have a first component before /v2, and then means the same', () => {
    fc.assert(
      fc.property(repository, tag, (name, tagText) => {
        const path = `/v2/${name.join('/')}/manifests/${tagText}`
        assert.deepEqual(parseOciPath(`/ghcr.io${path}`), { ...parseOciPath(path), prefix: 'ghcr.io' })
      }),
    )
  })

  test('with colon, dot and letters escaped is the same path', () => {
    const plain = parseOciPath(`/v2/my.org/app/manifests/sha256:${HEX}`)
    assert.deepEqual(parseOciPath(`/v2/my%2Eorg/a%70p/manifests/sha256%3A${HEX}`), plain)
    assert.deepEqual(parseOciPath(`/v2/my%2eorg/app/manifests/sha256%3a${HEX}`), plain)
    assert.equal(parseOciPath('/localhost%3A5000/v2/')?.prefix, 'localhost:5000')
  })

  test('of the registry itself, with or without a slash', () => {
    for (const path of ['/v2', '/v2/', '/ghcr.io/v2', '/ghcr.io/v2/']) {
      assert.deepEqual(parseOciPath(path)?.resource, { kind: 'ping' }, path)
    }
    assert.deepEqual(parseOciPath('/v2/_catalog')?.resource, { kind: 'catalog' })
  })

  test('that belongs to something else is none', () => {
    const others = ['/', '/v3/', '/v22/', '/V2/', '//v2/', '/a/b/v2/', '/api/v2/', '/ui/v2/x', '/go/v2', '/x']
    for (const path of others) assert.equal(parseOciPath(path), undefined, path)
  })

  test('that tries to leave its place is refused', () => {
    const paths = [
      '/v2/..%2f..%2fetc/manifests/x',
      '/v2/a%2Fb/manifests/x',
      '/v2/%252e%252e/manifests/x',
      '/v2/a%00b/manifests/x',
      '/v2/a%5cb/manifests/x',
      '/v2/a%0d%0ab/manifests/x',
      '/v2/a%zz/manifests/x',
      '/v2/a%2/manifests/x',
      '/v2/a//manifests/x',
      '/v2//manifests/x',
      '/v2/a/manifests/',
      '/v2/a/manifests/x/',
      '/v2/manifests/x',
      '/v2/tags/list',
    ]
    for (const path of paths) assert.equal(refused(path), 'name_invalid', path)
  })

  test('keeps dots in components for the name check to refuse', () => {
    for (const name of ['..', '.', '%2e%2e', 'a..b']) {
      const resource = parseOciPath(`/v2/${name}/x/manifests/1`)?.resource
      assert.ok(resource !== undefined && 'name' in resource)
      assert.ok(!isRepositoryName(resource.name), name)
    }
  })

  test('with a digest in any other spelling is refused', () => {
    const digests = [
      `sha256:${HEX.toUpperCase()}`,
      `sha256:${HEX.slice(1)}`,
      `sha256:${HEX}0`,
      `sha256:${HEX.slice(1)}g`,
      `SHA256:${HEX}`,
      `sha512:${HEX}`,
      `md5:${HEX.slice(32)}`,
      `sha256+b64:${HEX}`,
      'sha256:totallywrong',
      'sha256:',
      'constructor:x',
      ':',
      'sha256:../../etc/passwd'.replaceAll('/', '%2F'),
    ]
    for (const text of digests) {
      const wanted = text.includes('%') ? 'name_invalid' : 'digest_invalid'
      assert.equal(refused(`/v2/a/blobs/${text}`), wanted, text)
      assert.equal(refused(`/v2/a/manifests/${text}`), wanted, text)
      assert.equal(refused(`/v2/a/referrers/${text}`), wanted, text)
    }
  })

  test('with a tag that is none is refused', () => {
    for (const text of ['..', '.x', '-x', 'a'.repeat(129), 'a,b', 'ä', 'a@b', '%2e%2e']) {
      assert.equal(refused(`/v2/a/manifests/${text}`), 'tag_invalid', text)
    }
    assert.ok(parseOciPath(`/v2/a/manifests/${'a'.repeat(128)}`))
  })

  test('of an upload is unsupported, but a repository may be called like one', () => {
    for (const path of ['/v2/a/blobs/uploads', '/v2/a/blobs/uploads/', '/v2/a/blobs/uploads/../x/1']) {
      assert.equal(refused(path), path.includes('..') ? 'name_unknown' : 'unsupported', path)
    }
    assert.equal(parseOciPath('/v2/a/blobs/uploads/manifests/1')?.resource.kind, 'manifest')
    assert.equal(refused('/v2/a/unheard/x'), 'name_unknown')
  })
})

describe('a repository name', () => {
  const GRAMMAR = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/

  test('is judged as the grammar of the specification says', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', '0', '.', '_', '-', '/', 'A', 'ä', ' '),
      maxLength: 12,
    })
    fc.assert(
      fc.property(text, (name) => {
        assert.equal(isRepositoryName(name.split('/')), GRAMMAR.test(name), name)
      }),
      { numRuns: 2000 },
    )
  })

  test('has at most 255 characters, slashes included', () => {
    assert.ok(isRepositoryName(['a'.repeat(255)]))
    assert.ok(!isRepositoryName(['a'.repeat(256)]))
    assert.ok(isRepositoryName(['a'.repeat(127), 'b'.repeat(127)]))
    assert.ok(!isRepositoryName(['a'.repeat(127), 'b'.repeat(128)]))
    assert.ok(isRepositoryName(TRAPS))
  })
})
