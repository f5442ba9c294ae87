import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createReceiver, giveBack, hold, letGo } from '../../src/domain/slabs.ts'

/** Receives `length` bytes of value `fill`, as a socket would. */
function receive(receiver: ReturnType<typeof createReceiver>, length: number, fill: number): Buffer {
  const room = receiver.room()
  assert.ok(room.length >= 16 * 1024)
  const bytes = Math.min(length, room.length)
  room.fill(fill, 0, bytes)
  return receiver.received(bytes)
}

void test('bytes that were not given back are never written over', () => {
  const lengths = fc.array(fc.record({ length: fc.integer({ min: 1, max: 300_000 }), keep: fc.boolean() }), {
    maxLength: 60,
  })
  fc.assert(
    fc.property(lengths, (reads) => {
      const receivers = [createReceiver(), createReceiver()]
      const held: { bytes: Buffer; fill: number }[] = []
      reads.forEach(({ length, keep }, i) => {
        const receiver = receivers[i % 2]
        assert.ok(receiver !== undefined)
        const fill = (i % 250) + 1
        const bytes = receive(receiver, length, fill)
        if (keep) held.push({ bytes, fill })
        else giveBack(bytes)
      })
      for (const { bytes, fill } of held) assert.ok(bytes.every((byte) => byte === fill))
    }),
    { numRuns: 60 },
  )
})

void test('bytes that somebody holds are not written over though they were given back', () => {
  const receiver = createReceiver()
  const first = receive(receiver, 64 * 1024, 1)
  hold(first)
  hold(first)
  giveBack(first)
  for (let i = 0; i < 20; i++) giveBack(receive(receiver, 64 * 1024, 2))
  letGo(first)
  for (let i = 0; i < 20; i++) giveBack(receive(receiver, 64 * 1024, 3))
  assert.ok(first.every((byte) => byte === 1))
  letGo(first)
})

void test('a slab is used again once nobody holds it', () => {
  const receiver = createReceiver()
  const seen = new Set<ArrayBufferLike>()
  for (let i = 0; i < 200; i++) {
    const bytes = receive(receiver, 64 * 1024, i % 256)
    seen.add(bytes.buffer)
    hold(bytes)
    giveBack(bytes)
    letGo(bytes)
  }
  assert.ok(seen.size < 20, `${seen.size} slabs for 200 reads`)
})

void test('a slab is used again once all of it was given back, in whatever pieces', () => {
  const first = createReceiver()
  const seen = new Set<ArrayBufferLike>()
  for (let i = 0; i < 200; i++) {
    const bytes = receive(first, 64 * 1024, i % 256)
    seen.add(bytes.buffer)
    giveBack(bytes.subarray(0, 1000))
    giveBack(bytes.subarray(1000))
  }
  assert.ok(seen.size < 20, `${seen.size} slabs for 200 reads`)
})

void test('memory of others is left alone', () => {
  giveBack(Buffer.alloc(10))
  giveBack(Buffer.from('from the pool of Node'))
  hold(Buffer.alloc(10))
  letGo(Buffer.alloc(10))
})
