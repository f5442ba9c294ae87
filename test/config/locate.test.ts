import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parse } from 'smol-toml'
import { closest, editDistance, lineOf } from '../../src/config/locate.ts'
import { type Path, positionsOf } from '../../src/config/positions.ts'

const DOCUMENT = `# [server] in a comment
title = "x" # line 2

[server]
listen = "a"
  'odd key' . "other" = 1
note = """
[fake]
listen = "no"
"""
[server.tls]
cert = '''
[[upstream]]
'''

[[upstream]]
name = "one"
aliases = [
  "a", # 'quoted'
  [ "b", { c = 1, d.e = "]" } ],
]
[[upstream]]
tls = { cert = "x", more = { deep = true } }
[upstream.sub]
key = 1
[[upstream.inner]]
key = 2
[[upstream.inner]]
key = 3
`

void test('lineOf finds keys, tables, list elements and tables of lists', () => {
  const lines: readonly (readonly [Path, number])[] = [
    [['title'], 2],
    [['server'], 4],
    [['server', 'listen'], 5],
    [['server', 'odd key', 'other'], 6],
    [['server', 'note'], 7],
    [['server', 'tls'], 11],
    [['server', 'tls', 'cert'], 12],
    [['upstream'], 16],
    [['upstream', 0, 'name'], 17],
    [['upstream', 0, 'aliases'], 18],
    [['upstream', 0, 'aliases', 0], 19],
    [['upstream', 0, 'aliases', 1, 1, 'd', 'e'], 20],
    [['upstream', 1], 22],
    [['upstream', 1, 'tls', 'more', 'deep'], 23],
    [['upstream', 1, 'sub', 'key'], 25],
    [['upstream', 1, 'inner', 1, 'key'], 29],
  ]
  parse(DOCUMENT)
  for (const [path, line] of lines) assert.equal(lineOf(DOCUMENT, path), line, path.join('.'))
})

void test('lineOf of a missing key is the line of its table, and nothing where there is no table', () => {
  assert.equal(lineOf(DOCUMENT, ['upstream', 1, 'url']), 22)
  assert.equal(lineOf(DOCUMENT, ['server', 'tls', 'key']), 11)
  assert.equal(lineOf(DOCUMENT, ['storage', 'path']), undefined)
})

void test('lineOf finds every key of a random document that the parser accepts', () => {
  const key = fc.constantFrom('a', 'b_1', 'c-d', '"with space"', "'lit.eral'")
  const value = fc.constantFrom(
    '1',
    'true',
    '"#x = 1"',
    "'[y]'",
    '"""\n[z]\na = 1\n"""',
    "'''\n\nb = 2'''",
    '[1,\n 2, # ]\n]',
    '{ k = [ "}" ] }',
    '1979-05-27',
  )
  const pair = fc.record({ key, value, before: fc.constantFrom('', '\n', '# a = 1\n', '  ') })
  const table = fc.record({ many: fc.boolean(), pairs: fc.uniqueArray(pair, { selector: (p) => p.key }) })
  fc.assert(
    fc.property(fc.array(table, { maxLength: 6 }), (tables) => {
      const places: { path: Path; line: number }[] = []
      let text = ''
      const indexes = new Map<string, number>()
      for (const [number, { many, pairs }] of tables.entries()) {
        const name = many ? 'list' : `t${number}`
        const index = many ? (indexes.get(name) ?? -1) + 1 : undefined
        if (index !== undefined) indexes.set(name, index)
        const home: Path = index === undefined ? [name] : [name, index]
        text += many ? `[[${name}]]\n` : `[ ${name} ] # x\n`
        for (const one of pairs) {
          text += one.before
          places.push({ path: [...home, one.key.replace(/^["']|["']$/g, '')], line: text.split('\n').length })
          text += `${one.key} = ${one.value}\n`
        }
      }
      parse(text)
      for (const { path, line } of places) assert.equal(lineOf(text, path), line)
    }),
  )
})

void test('positions of anything that is no TOML at all do not fail', () => {
  const noise = fc.array(
    fc.constantFrom('[', ']', '{', '}', '"', "'", '=', '.', ',', '#', '\n', 'a', '\\', ' '),
  )
  fc.assert(fc.property(noise, (parts) => positionsOf(parts.join('')).size >= 0))
})

void test('closest finds the word behind a slip', () => {
  const known = ['host', 'listen', 'public_url', 'max_size', 'tls']
  assert.equal(closest('hots', known), 'host')
  assert.equal(closest('lisen', known), 'listen')
  assert.equal(closest('public-url', known), 'public_url')
  assert.equal(closest('MAX_SIZE', known), 'max_size')
  assert.equal(closest('colour', known), undefined)
  assert.equal(closest('x', known), undefined)
  assert.equal(closest('x'.repeat(1000), known), undefined)
})

void test('closest forgives any single edit of a word of three letters or more', () => {
  const word = fc.stringMatching(/^[a-z]{3,12}$/)
  const edit = fc.record({ at: fc.nat(), kind: fc.constantFrom('drop', 'double', 'swap') })
  fc.assert(
    fc.property(word, edit, (text, { at, kind }) => {
      const i = at % (text.length - 1)
      const [a, b] = [text[i] ?? '', text[i + 1] ?? '']
      const changed = { drop: b, double: a + a + b, swap: b + a }[kind]
      assert.equal(closest(text.slice(0, i) + changed + text.slice(i + 2), [text]), text)
    }),
  )
})

void test('the edit distance is symmetric, zero for equals, and at most the longer length', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
      const distance = editDistance(a, b)
      assert.equal(distance, editDistance(b, a))
      assert.equal(distance === 0, a === b)
      assert.ok(distance <= Math.max(a.length, b.length))
    }),
  )
})
