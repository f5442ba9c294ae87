import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'

const ROOT = join(import.meta.dirname, '..')
const ARCHITECTURE = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8')

interface Room {
  readonly mayImport: ReadonlySet<string>
  readonly vendors: ReadonlySet<string>
}

/** The folder table of ARCHITECTURE.md, by folder. */
function readTable(): Map<string, Room> {
  const rooms = new Map<string, Room>()
  for (const line of ARCHITECTURE.split('\n')) {
    const [, folder, imports, vendors] = /^\| `([a-z]+)\/` *\|([^|]*)\|([^|]*)\|/.exec(line) ?? []
    if (folder === undefined || imports === undefined || vendors === undefined) continue
    rooms.set(folder, { mayImport: wordsOf(imports), vendors: wordsOf(vendors) })
  }
  return rooms
}

function wordsOf(cell: string): ReadonlySet<string> {
  return new Set(cell.split(/[\s,]+/).filter((word) => word !== '' && word !== '-'))
}

interface Source {
  readonly path: string
  readonly folder: string
  /** Paths below src/ of our own modules, bare names of others. */
  readonly imports: readonly string[]
}

/** The name in `import … from`, `export … from`, over one line or several, and `import(…)`. */
const IMPORT = /(?:^import(?: [^'\n]* from)? |^export [^'\n]* from |^\} from |import\()'([^']+)'/gm

function readSources(): readonly Source[] {
  return globSync('**/*.ts', { cwd: join(ROOT, 'src') }).map((path) => {
    const text = readFileSync(join(ROOT, 'src', path), 'utf8')
    const found = [...text.matchAll(IMPORT)].map((match) => match[1] ?? '')
    const imports = found.map((name) => (name.startsWith('.') ? normalize(join(dirname(path), name)) : name))
    return { path, folder: path.includes('/') ? (path.split('/')[0] ?? '') : '', imports }
  })
}

const TABLE = readTable()
const SOURCES = readSources()

/** Built-in modules that only some folders may use; every other one is free. */
const RESTRICTED = new Set(['node:fs', 'node:fs/promises'])

test('the folder table names every folder of src and no other', () => {
  const folders = new Set(SOURCES.map((source) => source.folder).filter((folder) => folder !== ''))
  assert.ok(SOURCES.length > 60, `only ${SOURCES.length} sources were read`)
  assert.deepEqual([...TABLE.keys()].toSorted(), [...folders].toSorted())
})

test('folders import only what the folder table allows', () => {
  const violations = SOURCES.filter((source) => source.folder !== '').flatMap((source) =>
    source.imports.filter((name) => !isAllowed(source, name)).map((name) => `${source.path} imports ${name}`),
  )
  assert.deepEqual(violations, [])
})

function isAllowed({ folder }: Source, name: string): boolean {
  const room = TABLE.get(folder)
  if (room === undefined) return false
  if (name === '../package.json') return folder === 'domain'
  if (name.startsWith('node:')) return !RESTRICTED.has(name) || room.vendors.has('node:fs')
  if (!name.endsWith('.ts')) return room.vendors.has(name)
  const target = name.includes('/') ? (name.split('/')[0] ?? '') : name.replace(/\.ts$/, '')
  return target === folder || room.mayImport.has(target)
}

test('a planted violation would be found', () => {
  const planted = { path: 'frontends/oci/x.ts', folder: 'frontends', imports: [] }
  assert.equal(isAllowed(planted, 'db/open.ts'), false)
  assert.equal(isAllowed(planted, 'undici'), false)
  assert.equal(isAllowed(planted, 'node:fs'), false)
  assert.equal(isAllowed(planted, 'cache/cache.ts'), true)
})

test('no front end imports another one', () => {
  const siblings = SOURCES.filter((source) => /^frontends\/[a-z]+\//.test(source.path)).flatMap((source) => {
    const own = source.path.split('/').slice(0, 2).join('/')
    return source.imports.filter((name) => /^frontends\/[a-z]+\//.test(name) && !name.startsWith(`${own}/`))
  })
  assert.deepEqual(siblings, [])
})

test('no modules import each other in a circle', () => {
  const imports = new Map(
    SOURCES.map((source) => [source.path, source.imports.filter((name) => name.endsWith('.ts'))]),
  )
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): void => {
    assert.ok(!trail.includes(path), [...trail, path].join(' -> '))
    if (done.has(path)) return
    for (const next of imports.get(path) ?? []) visit(next, [...trail, path])
    done.add(path)
  }
  for (const path of imports.keys()) visit(path, [])
})

test('every invariant names a test that exists', () => {
  const invariants = [...ARCHITECTURE.matchAll(/^(\d+)\. .*$/gm)].map((match) => match[0])
  const guarded = invariants.filter((line) => line.includes('`test/'))
  assert.ok(guarded.length >= 10, 'the list of invariants was not found')
  for (const line of guarded) {
    for (const [, file] of line.matchAll(/`(test\/[^`]+)`/g)) {
      assert.ok(globSync(file ?? '', { cwd: ROOT }).length === 1, `${line} names a test that does not exist`)
    }
  }
})
