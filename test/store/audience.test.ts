import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { Audience } from '../../src/store/audience.ts'

function crowd(size: number) {
  const audience = new Audience()
  let told = 0
  for (let i = 0; i < size; i++) audience.add(() => void told++)
  return { audience, told: () => told }
}

describe('those who wait for more of a download', () => {
  it('are told at once while they are few', () => {
    const { audience, told } = crowd(32)
    audience.tellSoon()
    assert.equal(told(), 32)
  })

  it('are told together, a little later, while they are many', async () => {
    const { audience, told } = crowd(33)
    audience.tellSoon()
    audience.tellSoon()
    assert.equal(told(), 0)
    const late = Promise.withResolvers<void>()
    audience.add(() => late.resolve())
    await late.promise
    assert.equal(told(), 33)
  })

  it('are many together, though each waits for something else', () => {
    const one = crowd(20)
    const other = crowd(20)
    one.audience.tellSoon()
    assert.equal(one.told(), 0)
    other.audience.tell()
    one.audience.tellSoon()
    assert.deepEqual([one.told(), other.told()], [20, 20])
  })

  it('are told at once of what nobody may wait for, and not again later', async (t) => {
    const { audience, told } = crowd(64)
    audience.tellSoon()
    audience.tell()
    assert.equal(told(), 64)
    let again = 0
    const listener = (): void => void again++
    audience.add(listener)
    t.after(() => audience.remove(listener))
    // Longer than it would have taken: what was planned is not carried out any more.
    const signal = AbortSignal.timeout(120)
    await once(signal, 'abort')
    assert.equal(again, 0)
  })

  it('are not told once they left', () => {
    const audience = new Audience()
    let told = 0
    const listener = (): void => void told++
    audience.add(listener)
    audience.remove(listener)
    audience.tell()
    assert.equal(told, 0)
  })
})
