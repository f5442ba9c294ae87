import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Worker } from 'node:worker_threads'
import Database from 'better-sqlite3'
import { createClerk } from '../../src/db/clerk.ts'
import { type Index, openIndex } from '../../src/db/index.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'
import { MIGRATIONS } from './versions.ts'

const asOwner = { isOwner: () => true }
const BLOCK = 4096

async function fileOf(t: Cleanup): Promise<string> {
  return join(await tempDir(t), 'cachalot.db')
}

function open(t: Cleanup, file: string): Index {
  const index = openIndex(file, MIGRATIONS, asOwner)
  t.after(() => index.close())
  return index
}

/** Blobs of one block each. */
function add(index: Index, from: number, to: number): void {
  for (let n = from; n < to; n++)
    index.blobs.add({ digest: `sha256:${hash('sha256', `${n}`)}`, size: BLOCK, stamp: 1, at: 1 })
}

/** Says something else than what is there, so that a test sees where a number comes from. */
function forge(file: string, bytes: number): void {
  const db = new Database(file)
  db.prepare("UPDATE facts SET value = ? WHERE name = 'bytes'").run(String(bytes))
  db.close()
}

test('after it was closed in order the sum of all blobs is not counted again', async (t) => {
  const file = await fileOf(t)
  const first = open(t, file)
  add(first, 0, 3)
  assert.equal(first.bytes(), 3 * BLOCK)
  await first.close()
  const second = open(t, file)
  assert.equal(second.bytes(), 3 * BLOCK)
  await second.close()
  forge(file, 77)
  assert.equal(open(t, file).bytes(), 77)
})

test('what is written afterwards, here or by another process, makes it count', async (t) => {
  for (const writer of ['here', 'there']) {
    const file = await fileOf(t)
    const first = open(t, file)
    add(first, 0, 3)
    await first.close()
    forge(file, 77)
    const second = open(t, file)
    const other = openIndex(file, MIGRATIONS)
    t.after(() => other.close())
    add(writer === 'here' ? second : other, 3, 5)
    assert.equal(second.bytes(), 5 * BLOCK, writer)
  }
})

test('after a crash it is counted, and the number of an earlier end is not believed', async (t) => {
  const file = await fileOf(t)
  const first = open(t, file)
  add(first, 0, 3)
  await first.close()
  const second = open(t, file)
  add(second, 3, 5)
  const killed = join(await tempDir(t), 'cachalot.db')
  for (const suffix of ['', '-wal']) await copyFile(file + suffix, killed + suffix)
  assert.equal(open(t, killed).bytes(), 5 * BLOCK)
})

test('a process that takes the folder over marks it as in use', async (t) => {
  const file = await fileOf(t)
  const first = open(t, file)
  let owns = false
  const second = openIndex(file, MIGRATIONS, { isOwner: () => owns })
  t.after(() => second.close())
  await first.close()
  owns = true
  second.notice()
  add(second, 0, 2)
  const killed = join(await tempDir(t), 'cachalot.db')
  for (const suffix of ['', '-wal']) await copyFile(file + suffix, killed + suffix)
  const third = open(t, killed)
  assert.equal(third.crashed(), true)
  assert.equal(third.bytes(), 2 * BLOCK)
})

test('a thread that is only being started is ended once it has loaded SQLite: in the midst of that nobody survives', async (t) => {
  const file = await fileOf(t)
  await open(t, file).close()
  const heard: string[] = []
  const listen = (thread: Worker): void => {
    thread.once('message', () => heard.push('word'))
    thread.once('exit', () => heard.push('end'))
  }
  process.once('worker', listen)
  const clerk = createClerk(file)
  const asked = assert.rejects(clerk.ask('images', { limit: 1 }), /closed/)
  await clerk.close()
  await asked
  assert.deepEqual(heard, ['word', 'end'])
})
