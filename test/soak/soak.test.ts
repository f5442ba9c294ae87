import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MIB } from '../../src/domain/units.ts'
import { tempDir } from '../support/temp.ts'
import { soak } from './soak.ts'

/** `npm run soak` goes on for longer. */
const LENGTH = Number(process.env['SOAK_SECONDS'] ?? 40) * 1000

test('everything at once: each byte is right, the budget holds, and nothing is left over', async (t) => {
  const seed = Number(process.env['CACHALOT_SEED'] ?? Date.now() % 1_000_000)
  t.diagnostic(`CACHALOT_SEED=${seed}`)
  const folder = await tempDir(t)
  const { tally, struck, deeds } = await soak({
    length: LENGTH,
    restless: LENGTH / 2,
    phase: LENGTH / 6,
    budget: 24 * MIB,
    heap: 128,
    clients: 8,
    seed,
    folder,
    say: (text) => t.diagnostic(text),
  })
  assert.ok(tally.whole > 20 && tally.ranges > 5 && tally.left > 5, JSON.stringify(tally))
  assert.ok(struck > 0 && deeds > 0)
})
