import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { openIndex } from '../../src/db/index.ts'
import { copyBefore, migrate } from '../../src/db/migrate.ts'
import { openDb } from '../../src/db/open.ts'
import { collectorLog } from '../support/collector-log.ts'
import { tempDir } from '../support/temp.ts'
import { type FirstVersion, MIGRATIONS, makeFirstVersion } from './versions.ts'

const INDEX = join(import.meta.dirname, '../../src/db/index.ts')
const asOwner = { isOwner: () => true }

/** Everything of the first version is there, with what the second one says about it. */
function assertUpgraded({ file, count }: FirstVersion): void {
  const db = new Database(file, { readonly: true })
  const rows = db
    .prepare<[], { count: number }>(
      `SELECT count(*) AS count FROM entries e JOIN blobs b ON b.digest = e.digest
        WHERE b.size = e.size AND e.created_at = 1000 AND e.used_at = 1000 AND e.checked_at = 4000 AND e.pulls = 0`,
    )
    .get()
  assert.equal(rows?.count, count)
  assert.equal(db.pragma('integrity_check', { simple: true }), 'ok')
  const versions = db
    .prepare<[], number>('SELECT version FROM schema_migrations ORDER BY version')
    .pluck()
    .all()
  assert.deepEqual(versions.slice(0, 2), [1, 2])
  db.close()
}

test('an index of the first version comes up to this one, and the copy from before is kept', async (t) => {
  const folder = await tempDir(t)
  const first = await makeFirstVersion(folder, 500)
  await writeFile(`${first.file}.before-0001`, 'older')
  const log = collectorLog()
  const index = openIndex(first.file, MIGRATIONS, { ...asOwner, log })
  assert.deepEqual(index.applied[0]?.version, 2)
  assert.equal(log.find(/was migrated: 0002_/).length, 1)
  await index.close()
  assertUpgraded(first)
  const copies = (await readdir(folder)).filter((name) => name.includes('.before-'))
  assert.deepEqual(copies, ['cachalot.db.before-0002'])
  const copy = new Database(`${first.file}.before-0002`, { readonly: true })
  t.after(() => void copy.close())
  assert.equal(copy.prepare('SELECT max(version) FROM schema_migrations').pluck().get(), 1)
  assert.equal(copy.prepare('SELECT count(*) FROM entries').pluck().get(), first.count)
  assert.equal(copy.pragma('journal_mode', { simple: true }), 'delete', 'one file, no log beside it')
})

test('the copy from before does not say that it was closed in order: it may come back beside newer files', async (t) => {
  const folder = await tempDir(t)
  const file = join(folder, 'cachalot.db')
  const older = join(folder, 'older')
  await cp(MIGRATIONS, older, { recursive: true })
  const newest = (await readdir(older)).toSorted().at(-1) ?? ''
  await rm(join(older, newest))
  const before = openDb(file)
  migrate(before, older)
  before.exec("INSERT INTO facts VALUES ('closed', 'yes')")
  before.close()
  await openIndex(file, MIGRATIONS, asOwner).close()
  const closed = (path: string) => {
    const db = new Database(path, { readonly: true })
    try {
      return db.prepare("SELECT value FROM facts WHERE name = 'closed'").pluck().get()
    } finally {
      db.close()
    }
  }
  assert.deepEqual([closed(file), closed(`${file}.before-${newest.slice(0, 4)}`)], ['yes', 'no'])
})

test('a new index, and one that is up to date, need no copy', async (t) => {
  const folder = await tempDir(t)
  const file = join(folder, 'cachalot.db')
  for (let start = 0; start < 2; start++) await openIndex(file, MIGRATIONS, asOwner).close()
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.includes('before')),
    [],
  )
})

test('a copy that cannot be made is told, and the migration goes on', async (t) => {
  const folder = await tempDir(t)
  const first = await makeFirstVersion(folder, 100)
  // A folder in its place fails the rename, as root too.
  await mkdir(join(`${first.file}.before-0002`, 'x'), { recursive: true })
  const db = openDb(first.file)
  const copy = copyBefore(db, MIGRATIONS)
  db.close()
  assert.equal(copy.kind, 'failed')
  const log = collectorLog()
  await openIndex(first.file, MIGRATIONS, { ...asOwner, log }).close()
  assert.equal(log.find(/without a copy of it from before/).length, 1)
  assertUpgraded(first)
})

test('killed in the middle of migrating again and again, then started: it is right', async (t) => {
  const folder = await tempDir(t)
  const first = await makeFirstVersion(folder, 30_000)
  const pristine = join(folder, 'pristine.db')
  await copyFile(first.file, pristine)
  const script = `
    import { openIndex } from ${JSON.stringify(INDEX)}
    process.stdout.write('go')
    const index = openIndex(process.argv[1], ${JSON.stringify(MIGRATIONS)}, { isOwner: () => true })
    process.stdout.write(String(index.applied.length))
    setInterval(() => index, 1000)`
  let midway = 0
  for (let kill = 0; kill < 10; kill++) {
    // Each starts where the one before was killed, until one got through.
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, first.file])
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    await once(child.stdout, 'data')
    await sleep(kill * 25)
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
    if (said === 'go') midway++
    else await restore(pristine, first.file)
  }
  assert.ok(midway > 0, 'some were killed in the middle')
  await openIndex(first.file, MIGRATIONS, asOwner).close()
  assertUpgraded(first)
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.includes('.half')),
    [],
  )
})

async function restore(from: string, to: string): Promise<void> {
  const db = new Database(to)
  db.pragma('journal_mode = DELETE')
  db.close()
  await copyFile(from, to)
}
