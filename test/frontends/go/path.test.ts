import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { AppError } from '../../../src/domain/errors.ts'
import { parseGoPath } from '../../../src/frontends/go/path.ts'
import { codeOf } from '../support.ts'

test('the files of a module', () => {
  const module = 'example.com/Foo'
  for (const spelt of ['!foo', '%21foo', '%21%66oo']) {
    const base = `/go/example.com/${spelt}`
    assert.deepEqual(parseGoPath(`${base}/@v/list`), { kind: 'list', module })
    assert.deepEqual(parseGoPath(`${base}/@latest`), { kind: 'latest', module })
    for (const suffix of ['info', 'mod', 'zip'])
      assert.deepEqual(parseGoPath(`${base}/@v/v1.0.0-%21r!c1.${suffix}`), {
        kind: 'file',
        module,
        version: 'v1.0.0-RC1',
        suffix,
      })
    assert.deepEqual(parseGoPath(`${base}/@v/main.info`), { kind: 'query', module, query: 'main' })
  }
  assert.deepEqual(parseGoPath('/go/example.com/a/@v/v1.0.0.info.info'), {
    kind: 'query',
    module: 'example.com/a',
    query: 'v1.0.0.info',
  })
})

test('the files of a checksum database', () => {
  const database = 'sum.golang.org'
  const of = (path: string) => parseGoPath(`/go/sumdb/${path}`)
  assert.deepEqual(of(`${database}/supported`), { kind: 'sumdb', database, ask: { kind: 'supported' } })
  assert.deepEqual(of(`${database}/latest`), { kind: 'sumdb', database, ask: { kind: 'latest' } })
  assert.deepEqual(of(`${database}/lookup/example.com/!foo/lookup@v1.0.0`), {
    kind: 'sumdb',
    database,
    ask: { kind: 'lookup', module: 'example.com/Foo/lookup', version: 'v1.0.0' },
  })
  assert.deepEqual(of('localhost.localdev/sumdb/tile/8/1/x001/000.p/5'), {
    kind: 'sumdb',
    database: 'localhost.localdev/sumdb',
    ask: {
      kind: 'tile',
      path: 'tile/8/1/x001/000.p/5',
      tile: { height: 8, level: 1, number: 1000, width: 5 },
    },
  })
})

test('other paths are none of its business', () => {
  for (const path of ['/', '/gopher', '/v2/', '/k/go/', '/gone/x', '/GO/x'])
    assert.equal(parseGoPath(path), undefined)
})

test('malformed names are refused', () => {
  const paths = [
    '/go',
    '/go/',
    '/go/v2/library/alpine/manifests/latest',
    '/go/example.com/Foo/@v/list',
    '/go/example.com//@v/list',
    '/go/example.com%2fa/@v/list',
    '/go/example.com/../@v/list',
    '/go/example.com/%2e%2e/@v/list',
    '/go/example.com/a/@v/',
    '/go/example.com/a/@v/v1.0.0.ziphash',
    '/go/example.com/a/@v/v1.0.0.modhash',
    '/go/example.com/a/@v/v1.0.0.tar',
    '/go/example.com/a/@v/main.zip',
    '/go/example.com/a/@v/latest.info',
    '/go/example.com/a/@v/v2.0.0.mod',
    '/go/example.com/a/@v/x/list',
    '/go/example.com/a/@v',
    '/go/example.com/a',
    '/go/@v/list',
    '/go/sumdb/',
    '/go/sumdb/supported',
    '/go/sumdb/sum.golang.org/',
    '/go/sumdb/sum.golang.org/supported/x',
    '/go/sumdb/sum.golang.org/latest/',
    '/go/sumdb/sum.golang.org/lookup/example.com/a',
    '/go/sumdb/sum.golang.org/lookup/@v1.0.0',
    '/go/sumdb/sum.golang.org/lookup/example.com/a@main',
    '/go/sumdb/sum.golang.org/tile/8/0/1',
    '/go/sumdb/../../x/latest',
    `/go/example.com/${'a/'.repeat(2000)}@v/list`,
  ]
  for (const path of paths)
    assert.equal(
      codeOf(() => parseGoPath(path)),
      'name_invalid',
      path,
    )
})

test('whatever stands in a path, parsing ends in an answer or an error of ours', () => {
  const element = fc.oneof(
    fc.constantFrom('example.com', '@v', '@latest', 'list', 'sumdb', 'lookup', 'tile', '!a', '%21', '..', ''),
    fc.string({ maxLength: 12 }),
  )
  fc.assert(
    fc.property(fc.array(element, { maxLength: 8 }), (elements) => {
      try {
        parseGoPath(`/go/${elements.join('/')}`)
      } catch (error) {
        assert.ok(error instanceof AppError)
      }
    }),
  )
})
