import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { test } from 'node:test'
import { layoutOf } from '../../src/store/layout.ts'
import { openScratch } from '../../src/store/scratch.ts'
import { createStore } from '../../src/store/store.ts'
import { tempDir } from '../support/temp.ts'

test('what is written aside can be read anywhere, and has no name that could be left behind', async (t) => {
  const store = createStore(await tempDir(t), () => true)
  const file = await store.scratch()
  assert.deepEqual(await readdir(store.layout.parts), [])
  // Nobody has to wait for one before the next.
  await Promise.all(['Joh', 'ann', 'a'].map((text) => file.append(Buffer.from(text))))
  const buffer = Buffer.alloc(4)
  assert.equal(await file.read(buffer, 2), 4)
  assert.equal(buffer.toString(), 'hann')
  assert.equal(await file.read(buffer, 6), 1)
  assert.equal(await file.read(buffer, 7), 0)
})

test('after it was closed nothing reaches it, and closing twice is nothing', async (t) => {
  const store = createStore(await tempDir(t), () => true)
  const file = await store.scratch()
  const writing = file.append(Buffer.alloc(1_000_000))
  file.close()
  file.close()
  await assert.rejects(writing, /closed/)
  await assert.rejects(file.read(Buffer.alloc(1), 0), /closed/)
})

test('where nothing can be written it says so', async (t) => {
  const root = await tempDir(t)
  await assert.rejects(openScratch(layoutOf(`${root}/none`)), { code: 'ENOENT' })
})
