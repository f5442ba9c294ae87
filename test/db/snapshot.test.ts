import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { type Index, openIndex } from '../../src/db/index.ts'
import type { Sha256 } from '../../src/domain/digest.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'
import { MIGRATIONS } from './versions.ts'

const digest = (n: number): Sha256 => `sha256:${hash('sha256', `${n}`)}`

interface Opened {
  readonly index: Index
  readonly file: string
}

async function open(t: Cleanup, options = { isOwner: () => true }): Promise<Opened> {
  const file = join(await tempDir(t), 'cachalot.db')
  const index = openIndex(file, MIGRATIONS, options)
  t.after(() => index.close())
  return { index, file }
}

const add = (index: Index, n: number): void =>
  index.blobs.add({ digest: digest(n), size: n, stamp: 1, at: 1 })

function countIn(file: string): number {
  const db = new Database(file, { readonly: true })
  try {
    assert.equal(db.pragma('integrity_check', { simple: true }), 'ok')
    return Number(db.prepare('SELECT count(*) FROM blobs').pluck().get())
  } finally {
    db.close()
  }
}

const made = async (file: string): Promise<number> => (await stat(`${file}.snapshot`)).ino

test('a snapshot is a sound copy, replaced only when something changed', async (t) => {
  const { index, file } = await open(t)
  add(index, 1)
  await Promise.all([index.snapshot(), index.snapshot()])
  assert.equal(countIn(`${file}.snapshot`), 1)
  const first = await made(file)
  await index.snapshot()
  assert.equal(await made(file), first)
  add(index, 2)
  await index.snapshot()
  assert.equal(countIn(`${file}.snapshot`), 2)
  assert.notEqual(await made(file), first)
  const names = await readdir(join(file, '..'))
  assert.deepEqual(
    names.filter((name) => name.includes('snapshot')),
    ['cachalot.db.snapshot'],
  )
})

test('what was written before somebody asked is in the copy, though one was being made already', async (t) => {
  const { index, file } = await open(t)
  await index.transact(() => {
    for (let n = 0; n < 60_000; n++) add(index, n)
  })
  let done = false
  const first = index.snapshot().finally(() => {
    done = true
  })
  let next = first
  let count = 60_000
  while (!done) {
    add(index, count++)
    next = index.snapshot()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await next
  assert.equal(countIn(`${file}.snapshot`), count)
})

test('changes of other processes count too', async (t) => {
  const { index, file } = await open(t)
  await index.snapshot()
  const other = openIndex(file, MIGRATIONS)
  add(other, 1)
  await other.close()
  await index.snapshot()
  assert.equal(countIn(`${file}.snapshot`), 1)
})

test('one is made at the end, and a run that changes nothing leaves it alone', async (t) => {
  const { index, file } = await open(t)
  add(index, 1)
  await index.close()
  assert.equal(countIn(`${file}.snapshot`), 1)
  const first = await made(file)
  await openIndex(file, MIGRATIONS, { isOwner: () => true }).close()
  assert.equal(await made(file), first)
})

test('whoever does not own the folder makes none', async (t) => {
  const { index, file } = await open(t, { isOwner: () => false })
  add(index, 1)
  await index.snapshot()
  await index.close()
  assert.deepEqual(await readdir(join(file, '..')), ['cachalot.db'])
})

test('while one is made the event loop goes on, and so do writes', async (t) => {
  const { index, file } = await open(t)
  await index.transact(() => {
    for (let n = 0; n < 60_000; n++) add(index, n)
  })
  let done = false
  const making = index.snapshot().finally(() => {
    done = true
  })
  let turns = 0
  for (; !done; turns++) {
    add(index, 100_000 + turns)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await making
  assert.ok(turns > 20, `${turns} turns and writes`)
  assert.ok(countIn(`${file}.snapshot`) >= 60_000)
  assert.equal(index.blobs.totals().count, 60_000 + turns)
})
