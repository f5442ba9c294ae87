import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { createAuditor } from '../../src/auth/audit.ts'
import { AUDIT_KEPT, carryAudit } from '../../src/db/audit.ts'
import { openIndex } from '../../src/db/index.ts'
import { DAY } from '../../src/domain/clock.ts'
import { fakeClock } from '../support/clock.ts'
import { collectorLog } from '../support/collector-log.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'

const MIGRATIONS = join(import.meta.dirname, '../../migrations')
const EVENT = { who: 'alice', address: '192.0.2.1', action: 'remove', target: 'docker.io/x', outcome: 'ok' }

async function open(t: Cleanup) {
  const file = join(await tempDir(t), 'cachalot.db')
  const index = openIndex(file, MIGRATIONS)
  t.after(() => index.close())
  const clock = fakeClock()
  const log = collectorLog()
  const audit = createAuditor({ index, clock, log })
  const all = (over = {}) => index.audit.list({ since: 0, before: undefined, limit: 100_000, ...over })
  return { file, index, clock, log, audit, all }
}

test('what was done is listed newest first, by time and page by page', async (t) => {
  const { audit, clock, all } = await open(t)
  const start = clock()
  for (let n = 0; n < 5; n++) {
    audit.note({ ...EVENT, target: `x${n}`, ...(n === 0 ? { detail: { objects: 3 } } : {}) })
    clock.advance(DAY)
  }
  const targets = (over = {}) => all(over).map(({ target }) => target)
  assert.deepEqual(targets(), ['x4', 'x3', 'x2', 'x1', 'x0'])
  assert.deepEqual(targets({ since: start + 3 * DAY }), ['x4', 'x3'])
  const first = all({ limit: 2 })
  assert.deepEqual(targets({ before: first.at(-1)?.id, limit: 2 }), ['x2', 'x1'])
  const { id: _id, ...oldest } = all().at(-1) ?? { id: 0 }
  assert.deepEqual(oldest, { ...EVENT, at: start, target: 'x0', detail: { objects: 3 } })
})

test('details are bounded, however much was asked for', async (t) => {
  const { audit, all, log } = await open(t)
  const exclude = Array.from({ length: 20_000 }, (_, at) => `docker.io/library/app:${at}`)
  audit.note({ ...EVENT, target: exclude.join(' '), detail: { exclude } })
  const [row] = all()
  assert.ok(JSON.stringify(row).length < 6000)
  assert.match(JSON.stringify(row?.detail), /^\{"cut":.*docker\.io\/library\/app:1/)
  assert.ok(log.text().length < 8000)
})

test('rows are kept for half a year', async (t) => {
  const { audit, clock, all } = await open(t)
  audit.note({ ...EVENT, target: 'old' })
  clock.advance(AUDIT_KEPT - 1)
  for (let n = 0; n < 600; n++) audit.note(EVENT)
  assert.equal(all().at(-1)?.target, 'old')
  clock.advance(2)
  for (let n = 0; n < 600; n++) audit.note(EVENT)
  assert.equal(
    all().some(({ target }) => target === 'old'),
    false,
  )
  assert.equal(all().length, 1200)
})

test('what cannot be written waits, and is in the log meanwhile', async (t) => {
  const { file, audit, all, log } = await open(t)
  const other = new Database(file)
  t.after(() => void other.close())
  other.exec('BEGIN IMMEDIATE')
  audit.note({ ...EVENT, target: 'first' })
  other.exec('COMMIT')
  assert.deepEqual(all(), [])
  assert.equal(log.find('info')[0]?.fields['target'], 'first')
  audit.flush()
  audit.note({ ...EVENT, target: 'second' })
  assert.deepEqual(
    all().map(({ target }) => target),
    ['second', 'first'],
  )
})

test('rows of a damaged index are carried over once', async (t) => {
  const { file, audit, all } = await open(t)
  audit.note({ ...EVENT, target: 'known' })
  const db = new Database(file)
  t.after(() => void db.close())
  const [known] = all()
  const newer = { ...EVENT, id: 9, at: 5, target: 'newer', detail: '{broken' }
  carryAudit(db, (_reading, put) => {
    for (const row of [{ ...known, detail: null }, newer, newer, { id: 'x' }]) put(row)
    return true
  })
  assert.deepEqual(
    all().map(({ target }) => target),
    ['newer', 'known'],
  )
})
