import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openIndex } from '../../src/db/index.ts'
import { logOf, openToRead } from '../../src/db/open.ts'
import type { Sha256 } from '../../src/domain/digest.ts'
import { MIB } from '../../src/domain/units.ts'
import { tempDir } from '../support/temp.ts'
import { MIGRATIONS } from './versions.ts'

const digest = (n: number): Sha256 => `sha256:${hash('sha256', `${n}`)}`

async function open(t: Parameters<typeof tempDir>[0]) {
  const file = join(await tempDir(t), 'cachalot.db')
  const index = openIndex(file, MIGRATIONS)
  t.after(() => index.close())
  const reader = openToRead(file)
  t.after(() => void reader.close())
  let n = 0
  const write = async (pages: number): Promise<void> => {
    for (let page = 0; page < pages; page++) {
      await index.transact(() => {
        for (let i = 0; i < 200; i++) index.blobs.add({ digest: digest(n++), size: 1, stamp: 1, at: n })
      })
    }
  }
  return { file, index, reader, write, count: () => n }
}

test('a log that has grown is moved into the index beside the writer', async (t) => {
  const { index, reader, write, count } = await open(t)
  while (logOf(reader).bytes < 8 * MIB) await write(1)
  // The writer itself would begin at 128 MiB only.
  while (logOf(reader).alone > MIB) {
    index.notice()
    await sleep(10)
  }
  assert.ok(logOf(reader).bytes > 4 * MIB, `the log has ${logOf(reader).bytes} bytes`)
  assert.equal(index.blobs.totals().count, count())
})

test('whoever writes without a pause does not make the log grow without end', async (t) => {
  const { file, reader, write, index, count } = await open(t)
  let written = 0
  for (let before = 0; written < 200 * MIB; ) {
    await write(5)
    const { bytes } = logOf(reader)
    written += bytes < before ? bytes : bytes - before
    before = bytes
  }
  const { size } = await stat(`${file}-wal`)
  assert.ok(size < 160 * MIB, `${written} bytes were written, the log has ${size}`)
  assert.equal(index.blobs.totals().count, count())
})

test('a long question that keeps the log from being moved holds no writer up for long', async (t) => {
  const { reader, write, index, count } = await open(t)
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM blobs').get()
  await write(60)
  assert.equal(index.blobs.totals().count, count())
  reader.exec('COMMIT')
})

test('an index closes though somebody reads on and on', async (t) => {
  const { reader, write, index } = await open(t)
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM blobs').get()
  // Enough for a thread to begin moving what it cannot move.
  await write(60)
  index.notice()
  await index.close()
  reader.exec('COMMIT')
})

test('work that nobody waits for lets a log that is kept grow no longer, and goes on when it is told to end', async (t) => {
  const { file, reader, write, index } = await open(t)
  const never = new AbortController().signal
  await index.calm(never)
  await write(1)
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM blobs').get()
  const log = openToRead(file)
  t.after(() => void log.close())
  while (logOf(log).bytes < 56 * MIB) await write(5)
  const end = new AbortController()
  const calm = (signal: AbortSignal): Promise<string> => index.calm(signal).then(() => 'calm')
  // Long enough for many looks.
  const patient = calm(never)
  const ended = calm(end.signal)
  assert.equal(await Promise.race([patient, ended, sleep(200, 'kept')]), 'kept')
  end.abort()
  assert.equal(await Promise.race([patient.then(() => 'too early'), ended]), 'calm')
  reader.exec('COMMIT')
  await patient
  assert.equal(logOf(log).alone, 0)
})

test('however little of a long log is left to move, whoever waits for it has it moved', async (t) => {
  const { reader, write, index } = await open(t)
  await write(1)
  const readOn = (): void => {
    reader.exec('BEGIN')
    reader.prepare('SELECT count(*) FROM blobs').get()
  }
  const log = openToRead(reader.name)
  t.after(() => void log.close())
  readOn()
  while (logOf(log).bytes < 50 * MIB) await write(5)
  reader.exec('COMMIT')
  readOn()
  await write(1)
  while (logOf(log).alone > 3 * MIB) {
    index.notice()
    await sleep(10)
  }
  assert.ok(logOf(log).alone > 0)
  // Whoever moved it gives up meanwhile.
  await sleep(600)
  reader.exec('COMMIT')
  await index.calm(new AbortController().signal)
  assert.equal(logOf(log).alone, 0)
})

test('whoever waits for the log goes on when the index closes', async (t) => {
  const { reader, write, index } = await open(t)
  await write(1)
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM blobs').get()
  const log = openToRead(reader.name)
  t.after(() => void log.close())
  while (logOf(log).bytes < 56 * MIB) await write(5)
  const calm = index.calm(new AbortController().signal)
  await index.close()
  await calm
})
