import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { decodeElement, encodeElement, escapeName, unescapeName } from '../../../src/frontends/go/escape.ts'
import { isModulePath, majorOf } from '../../../src/frontends/go/module-path.ts'
import { formatTile, parseTile } from '../../../src/frontends/go/tile.ts'
import { isCanonical, isLookupVersion, isQuery } from '../../../src/frontends/go/version.ts'

const printable = fc.stringMatching(/^[\x22-\x7e]{1,40}$/)

test('escaping and back gives the same, and no escaped name has an upper-case letter', () => {
  fc.assert(
    fc.property(printable, (text) => {
      const escaped = escapeName(text)
      assert.doesNotMatch(escaped, /[A-Z]/)
      assert.equal(unescapeName(escaped), text)
    }),
  )
})

test('two names never have one escaped form', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[!a-zA-Z./]{1,12}$/), (text) => {
      const name = unescapeName(text)
      if (name !== undefined) assert.equal(escapeName(name), text)
    }),
  )
})

test('what nobody escaped is refused', () => {
  for (const text of ['', 'A', 'a!', 'a!!b', 'a!B', '!1', 'ä', 'a\n', 'a\0b'])
    assert.equal(unescapeName(text), undefined, text)
})

test('an element is decoded once, and hides nothing', () => {
  assert.equal(decodeElement('%21foo'), '!foo')
  assert.equal(decodeElement('%2521foo'), '%21foo')
  for (const text of ['%2f', '%2F', '%5c', '%00', '%0a', '%e4', '%', '%2', '%zz', 'a%', ''])
    assert.equal(decodeElement(text), undefined, text)
  fc.assert(
    fc.property(fc.stringMatching(/^[!-.0-9a-z@^_~ ]{1,20}$/), (text) => {
      assert.equal(decodeElement(encodeElement(text)), text)
    }),
  )
})

test('paths that modules have', () => {
  const paths = [
    'example.com',
    'example.com/a',
    'github.com/Azure/azure-sdk-for-go/v2',
    'gopkg.in/yaml.v3',
    'gopkg.in/check.v1',
    'gopkg.in/go-playground/validator.v10',
    'gopkg.in/x.v0',
    'gopkg.in/x.v2-unstable',
    'example.com/~user/a_b-c.d',
    'example.com/a~b',
    'k8s.io/api/v123',
    'golang.org/toolchain',
    'example.com/conx',
  ]
  for (const path of paths) assert.ok(isModulePath(path), path)
})

test('paths that no module has', () => {
  const paths = [
    '',
    'example',
    'Example.com/a',
    '-example.com/a',
    'example.com/',
    '/example.com',
    'example.com//a',
    'example.com/.a',
    'example.com/a.',
    'example.com/..',
    'example.com/./a',
    'example.com/con',
    'example.com/COM1.txt',
    'example.com/a~1',
    'example.com/a b',
    'example.com/a@b',
    'example.com/ä',
    'example.com/v0',
    'example.com/v1',
    'example.com/v02',
    'example.com/v2.1',
    'gopkg.in/yaml',
    'gopkg.in/yaml.v01',
    `example.com/${'a'.repeat(600)}`,
  ]
  for (const path of paths) assert.equal(isModulePath(path), false, path)
})

test('a version belongs to the major version its path states', () => {
  const right = [
    ['example.com/a', 'v1.2.3'],
    ['example.com/a', 'v0.0.0-20200101000000-0123456789ab'],
    ['example.com/a', 'v2.0.0+incompatible'],
    ['example.com/a/v2', 'v2.0.0-rc.1'],
    ['gopkg.in/a.v1', 'v1.0.0'],
    ['gopkg.in/a.v1', 'v0.0.0-20200101000000-0123456789ab'],
    ['gopkg.in/a.v3-unstable', 'v3.0.0'],
    ['golang.org/toolchain', 'v0.0.1-go1.21.0.linux-amd64'],
  ] as const
  for (const [path, version] of right) assert.ok(isCanonical(path, version), `${path}@${version}`)
  const wrong = [
    ['example.com/a', 'v2.0.0'],
    ['example.com/a/v2', 'v1.0.0'],
    ['example.com/a/v2', 'v3.0.0'],
    ['example.com/a', 'v1'],
    ['example.com/a', 'v1.2'],
    ['example.com/a', 'v1.02.3'],
    ['example.com/a', 'v1.2.3-01'],
    ['example.com/a', 'v1.2.3+meta'],
    ['example.com/a', '1.2.3'],
    ['example.com/a', 'master'],
    ['example.com/a', 'v1.2.3\n'],
  ] as const
  for (const [path, version] of wrong) assert.equal(isCanonical(path, version), false, `${path}@${version}`)
})

test('what may be asked as a version, and what not', () => {
  for (const query of ['master', 'v1', 'v1.2', 'abcdef012345', 'feature#1', 'Main'])
    assert.ok(isQuery(query), query)
  for (const query of [
    '',
    '..',
    '.',
    'latest',
    'upgrade',
    'patch',
    'a/b',
    'a!b',
    'a b',
    'a\\b',
    'a"b',
    'ü',
    'x'.repeat(300),
  ])
    assert.equal(isQuery(query), false, query)
  assert.ok(isLookupVersion('v1.0.0-rc.1+incompatible'))
  assert.equal(isLookupVersion('v1.0.0/go.mod'), false)
})

test('majors', () => {
  assert.equal(majorOf('example.com/a'), '')
  assert.equal(majorOf('example.com/a/v12'), '/v12')
  assert.equal(majorOf('gopkg.in/a.v3-unstable'), '.v3')
  assert.equal(majorOf('example.com/a/v1'), undefined)
})

test('a tile has one address', () => {
  const tile = fc.record({
    height: fc.integer({ min: 1, max: 30 }),
    level: fc.oneof(fc.integer({ min: 0, max: 63 }), fc.constant('data' as const)),
    number: fc.integer({ min: 0, max: 2 ** 40 }),
    width: fc.integer({ min: 1, max: 2 }),
  })
  fc.assert(fc.property(tile, (given) => assert.deepEqual(parseTile(formatTile(given)), { ...given })))
  assert.deepEqual(parseTile('tile/8/0/x001/x234/067'), { height: 8, level: 0, number: 1234067, width: 256 })
  assert.deepEqual(parseTile('tile/8/data/000.p/7'), { height: 8, level: 'data', number: 0, width: 7 })
  const wrong = [
    'tile/8/0/x000/067',
    'tile/8/0/67',
    'tile/8/0/001/067',
    'tile/8/0/x001/x067',
    'tile/08/0/067',
    'tile/8/00/067',
    'tile/8/0/067.p/256',
    'tile/8/0/067.p/0',
    'tile/8/0/067.p/07',
    'tile/8/64/067',
    'tile/31/0/067',
    'tile/8/-1/067',
    'tile/8/0/067/',
    `tile/8/0/${'x999/'.repeat(6)}999`,
  ]
  for (const path of wrong) assert.equal(parseTile(path), undefined, path)
})
