import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'smol-toml'
import { TABLES } from '../../src/config/keys.ts'
import { loadConfig } from '../../src/config/load.ts'
import { isTree, valueAt } from '../../src/config/tree.ts'

const FILE = join(import.meta.dirname, '../../config.toml')
const TEXT = readFileSync(FILE, 'utf8')

/** The file with every commented table and key switched on. */
function awake(text: string): string {
  return text.replace(/^# (?=\[|[a-z_]+ = |"[a-z.-]+" = )/gm, '')
}

void test('the shipped config.toml loads without warnings and changes nothing', () => {
  const shipped = loadConfig({ file: FILE, env: {} })
  const nothing = loadConfig({ file: join(FILE, '../no-such.toml'), env: {}, mustExist: false })
  assert.deepEqual(shipped.warnings, [])
  assert.deepEqual(shipped.config, nothing.config)
})

void test('every commented default in config.toml equals the default of the schema', () => {
  const tree = parse(awake(TEXT))
  for (const table of TABLES.filter(({ many }) => !many)) {
    for (const [key, { fallback }] of table.keys) {
      assert.deepEqual(valueAt(tree, [...table.path, key]), fallback, [...table.path, key].join('.'))
    }
  }
  const own = ['name', 'url', 'aliases', 'default']
  for (const list of [['upstream'], ['go', 'upstream']]) {
    const table = TABLES.find(({ path }) => path.join('.') === list.join('.'))
    assert.ok(table?.many)
    for (const [key, { fallback }] of table.keys) {
      const place = [...list, 0, key]
      if (!own.includes(key)) assert.deepEqual(valueAt(tree, place), fallback, place.join('.'))
    }
  }
})

void test('with everything switched on that works yet, config.toml still means the defaults', () => {
  const working = TEXT.slice(0, TEXT.indexOf('# [[rule]]'))
  const tree = parse(awake(working))
  const shipped = loadConfig({ file: FILE, env: {} }).config
  assert.equal(Array.isArray(tree['upstream']) && tree['upstream'].length, shipped.upstreams.length)
  for (const [index, { name, url, aliases }] of shipped.upstreams.entries()) {
    assert.equal(valueAt(tree, ['upstream', index, 'name']), name)
    assert.equal(valueAt(tree, ['upstream', index, 'url']), url)
    assert.deepEqual(valueAt(tree, ['upstream', index, 'aliases']), aliases)
  }
  const modules = shipped.fileUpstreams.filter(({ name }) => name === 'proxy.golang.org')
  assert.deepEqual(
    modules.map(({ url }) => url),
    [valueAt(tree, ['go', 'upstream', 0, 'url'])],
  )
  assert.equal(valueAt(tree, ['go', 'upstream', 1]), undefined)
})

void test('config.toml shows every key there is and no other', () => {
  const tree = parse(awake(TEXT))
  for (const table of TABLES) {
    const place = table.many ? [...table.path, 0] : table.path
    const shown = valueAt(tree, place)
    const known = [...table.keys.keys(), ...table.tables].sort()
    assert.deepEqual(isTree(shown) ? Object.keys(shown).sort() : [], known, table.path.join('.') || 'root')
  }
})
