import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { cutPage, inOrder, linkTo, nextLink, nextPage, parsePage } from '../../src/frontends/oci/pages.ts'
import { codeOf, tag } from './support.ts'

const parse = (query: string) => parsePage(new URLSearchParams(query))

describe('a page', () => {
  test('is what n and last say', () => {
    assert.deepEqual(parse(''), { n: undefined, last: undefined })
    assert.deepEqual(parse('n=5&last=a'), { n: 5, last: 'a' })
    assert.deepEqual(parse('n=0'), { n: 0, last: undefined })
    assert.deepEqual(parse('last='), { n: undefined, last: '' })
  })

  test('of absurd size is clamped, one that is no number is refused', () => {
    for (const n of ['1000000000', '999999999999999']) assert.equal(parse(`n=${n}`).n, 10_000)
    for (const n of ['-1', '1e3', '%205', '５', '', 'x', '1.5', '0x5', '9'.repeat(16), '1&n=2']) {
      assert.equal(
        codeOf(() => parse(`n=${n}`)),
        'page_invalid',
        n,
      )
    }
    assert.equal(
      codeOf(() => parse(`last=${'a'.repeat(513)}`)),
      'page_invalid',
    )
  })

  test('asks the upstream for at least one name', () => {
    assert.equal(nextPage(parse('')), '')
    assert.equal(nextPage(parse('n=0')), '?n=1')
    assert.equal(nextPage(parse('n=2&last=a%26b')), '?n=2&last=a%26b')
  })

  test('after another gives every name once, whether or not the upstream pages', () => {
    fc.assert(
      fc.property(fc.uniqueArray(tag, { maxLength: 20 }), fc.integer({ min: 1, max: 7 }), (tags, n) => {
        const seen: string[] = []
        let last: string | undefined
        for (let rounds = 0; rounds <= tags.length; rounds++) {
          const { names, cut } = cutPage({ names: tags, ordered: () => inOrder(tags) }, { n, last })
          seen.push(...names)
          if (!cut) break
          last = names.at(-1)
        }
        assert.deepEqual(seen.toSorted(), tags.toSorted())
      }),
    )
  })

  test('is found again through its own link', () => {
    const namespaces = fc.option(fc.constantFrom('docker.io', 'reg.example.com:8443'), { nil: undefined })
    const sizes = fc.option(fc.nat({ max: 1000 }), { nil: undefined })
    fc.assert(
      fc.property(tag, sizes, namespaces, (last, n, namespace) => {
        const target = nextLink(linkTo('/v2/a/tags/list', { namespace }, { n, last })) ?? ''
        const url = new URL(target, 'http://cache.test')
        assert.equal(url.pathname, '/v2/a/tags/list')
        assert.deepEqual(parsePage(url.searchParams), { n, last })
        assert.equal(url.searchParams.get('ns') ?? undefined, namespace)
      }),
    )
  })

  test('is followed only where a link says next', () => {
    assert.equal(nextLink('</v2/a/tags/list?last=b>; rel="next"'), '/v2/a/tags/list?last=b')
    assert.equal(nextLink('</x>;rel=next'), '/x')
    assert.equal(nextLink('</x>; rel="prev", </y>; rel="next"'), '/y')
    for (const header of [undefined, '', '</x>; rel="prev"', '/x; rel=next', '<']) {
      assert.equal(nextLink(header), undefined, String(header))
    }
  })
})
