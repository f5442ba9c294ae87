import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createResolve } from '../../src/upstream/resolve.ts'
import { createShared } from '../../src/upstream/shared.ts'

test('names of the hosts file resolve, all addresses at once', async () => {
  const addresses = await createResolve()('localhost')
  assert.ok(addresses.some(({ address }) => address === '127.0.0.1' || address === '::1'))
})

test('concurrent questions for one name share their answer', async () => {
  const resolve = createResolve()
  const [first, second] = [resolve('localhost'), resolve('localhost')]
  assert.equal(first, second)
  await first
  assert.notEqual(resolve('localhost'), first)
})

test('shared work ends with the last who waits for it, not before', async () => {
  const shared = createShared<string>()
  const signals: AbortSignal[] = []
  const work = (signal: AbortSignal) => {
    signals.push(signal)
    return new Promise<string>((_, reject) =>
      signal.addEventListener('abort', () => reject(new Error('ended'))),
    )
  }
  const [a, b] = [new AbortController(), new AbortController()]
  const [first, second] = [shared.join('k', a.signal, work), shared.join('k', b.signal, work)]
  a.abort(new Error('a left'))
  await assert.rejects(first, /a left/)
  assert.equal(signals[0]?.aborted, false)
  b.abort(new Error('b left'))
  await assert.rejects(second, /b left/)
  assert.equal(signals[0]?.aborted, true)
  const third = shared.join('k', new AbortController().signal, async () => 'new')
  assert.equal(await third, 'new')
  assert.equal(signals.length, 1)
})

test('shared work that fails fails for all, and is not remembered', async () => {
  const shared = createShared<string>()
  const { signal } = new AbortController()
  const fail = () => Promise.reject(new Error('broken'))
  const all = [shared.join('k', signal, fail), shared.join('k', signal, fail)]
  for (const one of all) await assert.rejects(one, /broken/)
  assert.equal(await shared.join('k', signal, async () => 'fine'), 'fine')
})
