import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { asDeed, lastDeed } from '../../src/api/deeds.ts'
import { openIndex } from '../../src/db/index.ts'
import { steadyClock } from '../../src/domain/clock.ts'
import { tempDir } from '../support/temp.ts'

const MIGRATIONS = join(import.meta.dirname, '../../migrations')

test('a deed is known from its end on, however it and what follows end', async (t) => {
  const index = openIndex(join(await tempDir(t), 'cachalot.db'), MIGRATIONS)
  t.after(() => index.close())
  assert.equal(lastDeed({ index }), undefined)
  const deps = { index, describe: () => Promise.reject(new Error('no describing')) }
  for (const isDone of [true, false]) {
    const began = steadyClock()
    const deed = asDeed(deps, () => (isDone ? Promise.resolve(1) : Promise.reject(new Error('no deed'))))
    if (isDone) assert.equal(await deed, 1)
    else await assert.rejects(deed, /no deed/)
    assert.ok((lastDeed({ index }) ?? 0) >= began)
  }
  const described: (number | undefined)[] = []
  await asDeed(
    {
      index,
      describe: () => {
        described.push(lastDeed({ index }))
        return Promise.resolve()
      },
    },
    () => Promise.resolve(),
  )
  const [before = 0] = described
  assert.ok((lastDeed({ index }) ?? 0) > before, 'what was described is known, too')
})
