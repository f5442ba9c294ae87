import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { runChore } from '../../src/db/chore.ts'
import { openIndex } from '../../src/db/index.ts'
import { tempDir } from '../support/temp.ts'
import { MIGRATIONS } from './versions.ts'

async function makeIndex(t: TestContext): Promise<string> {
  const file = join(await tempDir(t), 'cachalot.db')
  await openIndex(file, MIGRATIONS).close()
  return file
}

/** How many threads were started since. */
function countThreads(t: TestContext): () => number {
  let count = 0
  const listener = (): void => void count++
  process.on('worker', listener)
  t.after(() => process.off('worker', listener))
  return () => count
}

test('chores one after the other share a thread, also after one that failed', async (t) => {
  const file = await makeIndex(t)
  const started = countThreads(t)
  assert.equal(await runChore('check', { file }), undefined)
  await assert.rejects(runChore('check', { file: join(file, 'nothing') }), /unable to open/)
  for (let i = 0; i < 3; i++) assert.equal(await runChore('check', { file }), undefined)
  await runChore('checkpoint', { file })
  assert.equal(started(), 1)
})

test('no chore waits for another one', async (t) => {
  const file = await makeIndex(t)
  const started = countThreads(t)
  const all = Array.from({ length: 3 }, () => runChore('check', { file }))
  assert.deepEqual(await Promise.all(all), [undefined, undefined, undefined])
  // One of them may rest since the test before.
  assert.ok(started() >= 2, `${started()} threads for three chores at once`)
})
