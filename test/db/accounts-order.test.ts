import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { sortedPlaces } from '../../src/db/accounts/order.ts'

const value = fc.oneof(
  fc.constantFrom(0, 1, 65_535, 65_536, 2 ** 32, 2 ** 32 - 1, -1, 1.5, Number.POSITIVE_INFINITY),
  fc.integer({ min: 0, max: 3 }),
  fc.maxSafeInteger(),
)

test('places are those of a plain sort, equal values as they stood, in both directions', () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 60 }), fc.constantFrom(1 as const, -1 as const), (all, sign) => {
      const expected = [...all.keys()].sort((a, b) => {
        const [one = 0, other = 0] = [all[a], all[b]]
        return one === other ? a - b : one < other ? -sign : sign
      })
      assert.deepEqual([...sortedPlaces(Float64Array.from(all), sign)], expected)
    }),
    { numRuns: 2000 },
  )
})
