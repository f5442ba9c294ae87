import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createKept } from '../../src/db/accounts/kept.ts'
import { migrate } from '../../src/db/migrate.ts'
import { type Db, openDb } from '../../src/db/open.ts'
import { openReader } from '../../src/db/reader.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'

const MIGRATIONS = join(import.meta.dirname, '../../migrations')

async function open(t: Cleanup): Promise<{ writer: Db; reader: Db; change: () => void }> {
  const file = join(await tempDir(t), 'cachalot.db')
  const writer = openDb(file)
  migrate(writer, MIGRATIONS)
  const reader = openReader(file)
  t.after(() => {
    reader.close()
    writer.close()
  })
  let changes = 0
  const change = (): void => {
    writer.prepare('INSERT INTO facts VALUES (?, ?)').run(`change ${++changes}`, '')
  }
  return { writer, reader, change }
}

/** Counts the facts, in `steps` steps of so many milliseconds each. */
function counting(steps: number, ms: number) {
  const seen = { runs: 0, finished: 0, mustFail: false }
  const compute = function* (db: Db): Generator<void, number> {
    seen.runs++
    db.exec('BEGIN')
    const facts = db.prepare<[], number>('SELECT count(*) FROM facts').pluck().get() ?? 0
    for (let step = 0; step < steps; step++) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
      if (seen.mustFail) throw new Error('planned')
      yield
    }
    seen.finished++
    return facts
  }
  return { seen, compute }
}

suite('numbers that are kept', () => {
  test('are computed once while nothing changes', async (t) => {
    const { reader, change } = await open(t)
    const { seen, compute } = counting(0, 0)
    const kept = createKept(compute)
    for (let i = 0; i < 5; i++) kept(reader, i % 2 === 0)
    assert.equal(seen.runs, 1)
    change()
    assert.equal(kept(reader, true).value, 1)
    assert.equal(seen.runs, 2)
  })

  test('that took long are told as they were, until they are exact or were computed behind', async (t) => {
    const { reader, change } = await open(t)
    const { seen, compute } = counting(3, 20)
    const kept = createKept(compute)
    assert.equal(kept(reader, false).value, 0)
    change()
    assert.equal(kept(reader, false).value, 0)
    assert.equal(kept(reader, true).value, 1)
    change()
    while (kept(reader, false).value !== 2) await sleep(20)
    assert.ok(seen.finished >= 3)
  })

  test('are computed behind again after that failed', async (t) => {
    const { reader, change } = await open(t)
    const { seen, compute } = counting(3, 20)
    const kept = createKept(compute)
    kept(reader, false)
    change()
    seen.mustFail = true
    while (seen.runs < 2) {
      assert.equal(kept(reader, false).value, 0)
      await sleep(20)
    }
    assert.throws(() => kept(reader, true), /planned/)
    seen.mustFail = false
    while (kept(reader, false).value !== 1) await sleep(20)
  })
})
