import assert from 'node:assert/strict'
import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createKept } from '../../src/db/accounts/kept.ts'
import { createKeptFile } from '../../src/db/accounts/kept-file.ts'
import { createKeptRows } from '../../src/db/accounts/kept-rows.ts'
import { stopwatch } from '../../src/db/accounts/kept-run.ts'
import { answerPatiently, becomePatient } from '../../src/db/accounts/patience.ts'
import { migrate } from '../../src/db/migrate.ts'
import { type Db, openDb } from '../../src/db/open.ts'
import { openReader } from '../../src/db/reader.ts'
import { HOUR, steadyClock } from '../../src/domain/clock.ts'
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

/** Works for so many milliseconds, however many others do. */
function burn(ms: number): void {
  const worked = stopwatch()
  while (worked() < ms) for (let i = 0; i < 10_000; i++) Math.hypot(i, 4)
}

/** Counts the facts, in `steps` steps of so many milliseconds each. */
function counting(steps: number, ms: number) {
  const seen = { runs: 0, finished: 0, mustFail: false }
  const compute = function* (db: Db): Generator<void, number> {
    seen.runs++
    db.exec('BEGIN')
    const facts = db.prepare<[], number>('SELECT count(*) FROM facts').pluck().get() ?? 0
    for (let step = 0; step < steps; step++) {
      burn(ms)
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

  test('that waited for long and took little work are those of now', async (t) => {
    const { reader, change } = await open(t)
    const { seen, compute } = counting(3, 1)
    const kept = createKept(function* (db) {
      const facts = yield* compute(db)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
      return facts
    })
    kept(reader, false)
    change()
    assert.deepEqual([kept(reader, false).value, seen.runs], [1, 2])
  })

  test('know what somebody just did, unless they are long work', async (t) => {
    const { reader, change } = await open(t)
    for (const [ms, known] of [
      [100, 1],
      [2100, 0],
    ] as const) {
      const { compute } = counting(1, ms)
      const kept = createKept(compute)
      const before = kept(reader, true).value
      change()
      assert.equal(kept(reader, { since: 0 }).value, before)
      const since = steadyClock()
      assert.equal(kept(reader, { since }).value, before + known)
    }
  })

  test('are told when they took little work in a long time, though others write all the time', async (t) => {
    const { reader, change } = await open(t)
    becomePatient(reader)
    const seen = { runs: 0 }
    const kept = createKept(function* () {
      const run = ++seen.runs
      for (let step = 0; step < 10; step++) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
        change()
        yield
      }
      return run
    })
    assert.equal((await answerPatiently(() => kept(reader, false))).value, 1)
    assert.equal(seen.runs, 1)
  })

  test('are told when the clock of the machine was put back', async (t) => {
    const { reader, change } = await open(t)
    becomePatient(reader)
    const { seen, compute } = counting(12, 10)
    const kept = createKept(compute)
    await answerPatiently(() => kept(reader, true))
    const now = Date.now()
    t.mock.method(Date, 'now', () => now - HOUR)
    change()
    assert.equal((await answerPatiently(() => kept(reader, true))).value, 1)
    change()
    assert.equal((await answerPatiently(() => kept(reader, { since: steadyClock() }))).value, 2)
    assert.equal(seen.runs, 3)
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

  test('keep nobody else waiting on a patient connection, and are of the time of the question or later', async (t) => {
    const { reader, change } = await open(t)
    becomePatient(reader)
    const { seen, compute } = counting(12, 20)
    const kept = createKept(compute)
    const first = answerPatiently(() => kept(reader, false))
    const second = answerPatiently(() => kept(reader, false))
    assert.equal(await answerPatiently(() => 'meanwhile'), 'meanwhile')
    assert.equal(seen.finished, 0)
    assert.deepEqual(await Promise.all([first, second]).then((all) => all.map(({ value }) => value)), [0, 0])
    assert.equal(seen.runs, 1)
    change()
    const exact = answerPatiently(() => kept(reader, true))
    assert.equal((await answerPatiently(() => kept(reader, false))).value, 0)
    // What changes while it is computed does not begin it anew.
    change()
    assert.ok((await exact).value >= 1)
    assert.ok(seen.runs <= 3)
    seen.mustFail = true
    change()
    await assert.rejects(
      answerPatiently(() => kept(reader, true)),
      /planned/,
    )
  })

  test('outlive the process that computed them, for the same index only', async (t) => {
    const { reader, change } = await open(t)
    const { seen, compute } = counting(11, 100)
    const file = createKeptFile({
      suffix: '.sums',
      format: 1,
      pack: (n: number) => [n],
      unpack: ([n = 0]) => n,
    })
    createKept(compute, file)(reader, true)
    assert.ok(file.exists(reader.name))
    change()
    const after = createKept(compute, file)
    assert.deepEqual([after(reader, false).value, seen.runs], [0, 1])
    assert.equal(after(reader, true).value, 1)
    const newer = createKeptFile({ suffix: '.sums', format: 2, pack: (n: number) => [n], unpack: () => 7 })
    assert.equal(newer.load(reader), undefined)
    const { reader: other } = await open(t)
    await copyFile(`${reader.name}.sums`, `${other.name}.sums`)
    assert.equal(file.load(other), undefined)
    for (const bytes of ['', 'x'.repeat(1000)]) {
      await writeFile(`${reader.name}.sums`, bytes)
      assert.equal(file.load(reader), undefined)
    }
  })
})

suite('rows of a repository that take a while', () => {
  test('are kept while they are young, until a name comes or goes', async (t) => {
    const { writer, reader, change } = await open(t)
    writer.exec(
      `INSERT INTO repositories (id, front_end, upstream, name) VALUES (1, 'oci', 'docker.io', 'library/app')`,
    )
    const add = writer.prepare(
      `INSERT INTO entries (repository, kind, ref, digest, size, fetched_at, checked_at)
       VALUES (1, 'manifest', ?, x'00', 1, 1, 1)`,
    )
    let runs = 0
    const rows = (): readonly number[] => {
      // Much longer than the test takes: ten times as long it is young.
      burn(450)
      return [++runs]
    }
    const kept = createKeptRows<number>()
    const ask = (since = 0): readonly number[] => kept(reader, 1, { tag: '', since, rows })
    assert.deepEqual([...ask(), ...ask()], [1, 1])
    change()
    assert.deepEqual(ask(), [1], 'nothing that is in it')
    add.run('1.0')
    assert.deepEqual([...ask(), ...ask()], [2, 2], 'a name came')
    writer.exec('DELETE FROM entries')
    assert.deepEqual(ask(), [3], 'it went')
    change()
    assert.deepEqual([...ask(steadyClock()), ...ask()], [4, 4], 'somebody did something')
  })
})
