import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import Database from 'better-sqlite3'
import { openIndex } from '../../src/db/index.ts'
import { migrate } from '../../src/db/migrate.ts'
import { openDb } from '../../src/db/open.ts'
import { tempDir } from '../support/temp.ts'

const run = promisify(execFile)
const MIGRATIONS = join(import.meta.dirname, '../../migrations')
const INDEX = join(import.meta.dirname, '../../src/db/index.ts')

test('all pending migrations are applied once', async (t) => {
  const folder = await tempDir(t)
  const first = openIndex(join(folder, 'a.db'), MIGRATIONS)
  assert.equal(first.applied[0]?.version, 1)
  await first.close()
  const second = openIndex(join(folder, 'a.db'), MIGRATIONS)
  assert.deepEqual(second.applied, [])
  await second.close()
})

test('a later one is applied to an older database; a broken one changes nothing', async (t) => {
  const folder = await tempDir(t)
  const dir = join(folder, 'migrations')
  await mkdir(dir)
  await writeFile(join(dir, '0001_init.sql'), 'CREATE TABLE a (x) STRICT'.replace(' STRICT', ''))
  const db = openDb(join(folder, 'a.db'))
  t.after(() => db.close())
  assert.deepEqual(migrate(db, dir), [{ version: 1, name: '0001_init.sql' }])
  await writeFile(join(dir, '0002_more.sql'), 'CREATE TABLE b (x)')
  await writeFile(join(dir, '0003_broken.sql'), 'CREATE TABLE c (x); CREATE NONSENSE')
  await writeFile(join(dir, 'notes.sql'), 'NONSENSE')
  assert.throws(() => migrate(db, dir), /NONSENSE/)
  const tables = db
    .prepare<[], string>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    .pluck()
  assert.deepEqual(tables.all(), ['a', 'schema_migrations'])
  await writeFile(join(dir, '0003_broken.sql'), 'CREATE TABLE c (x)')
  assert.deepEqual(
    migrate(db, dir).map((one) => one.version),
    [2, 3],
  )
})

test('a file that changed after it was applied is refused', async (t) => {
  const folder = await tempDir(t)
  const dir = join(folder, 'migrations')
  await mkdir(dir)
  await copyFile(join(MIGRATIONS, '0001_init.sql'), join(dir, '0001_init.sql'))
  const db = openDb(join(folder, 'a.db'))
  migrate(db, dir)
  db.close()
  await writeFile(join(dir, '0001_init.sql'), 'CREATE TABLE other (x)')
  assert.throws(() => openIndex(join(folder, 'a.db'), dir), /0001_init\.sql changed after it was applied/)
})

test('a database of a newer build is refused and left alone', async (t) => {
  const file = join(await tempDir(t), 'a.db')
  await openIndex(file, MIGRATIONS).close()
  const db = new Database(file)
  db.exec("INSERT INTO schema_migrations VALUES (9999, '9999_later.sql', 'x', 0)")
  db.close()
  assert.throws(() => openIndex(file, MIGRATIONS), /is at version 9999/)
})

test('what is no database is refused', async (t) => {
  const file = join(await tempDir(t), 'a.db')
  await writeFile(file, 'this is no database, though it is long enough to be taken for one'.repeat(100))
  assert.throws(() => openIndex(file, MIGRATIONS), { code: 'SQLITE_NOTADB' })
})

test('three processes that open a new index at once all succeed, and one of them migrates', async (t) => {
  const script = `
    import { openIndex } from ${JSON.stringify(INDEX)}
    const wait = Number(process.argv[2]) - Date.now()
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.max(1, wait))
    const index = openIndex(process.argv[1], ${JSON.stringify(MIGRATIONS)})
    process.stdout.write(String(index.applied.length))
    await index.close()`
  for (let round = 0; round < 3; round++) {
    const file = join(await tempDir(t), 'a.db')
    const at = String(Date.now() + 700)
    const started = [1, 2, 3].map(() =>
      run(process.execPath, ['--input-type=module', '-e', script, file, at]),
    )
    const applied = (await Promise.all(started)).map(({ stdout }) => stdout)
    const all = String(readdirSync(MIGRATIONS).length)
    assert.deepEqual(applied.sort(), ['0', '0', all])
  }
})
