import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMirrorFlights } from '../../src/git/flights.ts'

test('what has to be done waits for upkeep and fetches; upkeep does not wait for anything', async () => {
  const flights = createMirrorFlights(() => 0)
  const said: string[] = []
  const upkeep = Promise.withResolvers<void>()
  const fetch = Promise.withResolvers<undefined>()
  const kept = flights.alone('a', () => upkeep.promise)
  const { flight } = flights.join('a', () => fetch.promise)
  const works = ['x', 'y'].map((name) =>
    flights.next('a', async () => {
      said.push(`${name} starts`)
      await Promise.resolve()
      said.push(`${name} ends`)
      return name
    }),
  )
  assert.equal(await flights.alone('a', async () => 1), undefined)
  assert.equal(await flights.next('b', async () => 2), 2)
  upkeep.resolve()
  await kept
  assert.deepEqual(said, [])
  fetch.resolve(undefined)
  await flight.done
  assert.deepEqual(await Promise.all(works), ['x', 'y'])
  assert.deepEqual(said, ['x starts', 'x ends', 'y starts', 'y ends'])
  assert.equal(flights.isBusy('a'), false)
})

test('work that fails lets the next one begin', async () => {
  const flights = createMirrorFlights(() => 0)
  const failing = flights.next('a', () => Promise.reject(new Error('no')))
  const after = flights.next('a', async () => 1)
  await assert.rejects(failing, /no/)
  assert.equal(await after, 1)
  await flights.settled()
})
