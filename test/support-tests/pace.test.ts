import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MIB } from '../../src/domain/units.ts'
import { createPacer } from '../support/fake-pace.ts'

/** Runs a pacer on a simulated clock whose timers are late; returns the bytes of `ms` milliseconds. */
function bytesIn(ms: number, rate: number, lateness: (turn: number) => number): number {
  const pacer = createPacer(() => rate, 0)
  let sent = 0
  for (let now = 0, turn = 0; now < ms; turn++) {
    const { bytes, wait } = pacer.take(now)
    sent += bytes
    if (bytes === 0) now += wait + lateness(turn)
  }
  return sent
}

void describe('pacing', () => {
  void it('gives 100 MiB/s within 3 % over a second with punctual timers', () => {
    assertClose(
      bytesIn(1000, 100 * MIB, () => 0),
      100 * MIB,
    )
  })

  void it('gives 100 MiB/s within 3 % over a second with timers up to 15 ms late', () => {
    assertClose(
      bytesIn(1000, 100 * MIB, (turn) => (turn * 7) % 15),
      100 * MIB,
    )
  })

  void it('gives slow rates byte by byte', () => {
    assertClose(
      bytesIn(10_000, 100, () => 1),
      1000,
    )
  })

  void it('hands out pieces of a few milliseconds, not bursts', () => {
    const pacer = createPacer(() => 100 * MIB, 0)
    assert.ok(pacer.take(0).bytes <= MIB / 2)
    const { wait } = pacer.take(0)
    assert.ok(wait <= 5, `waits ${wait} ms`)
    assert.ok(pacer.take(wait).bytes <= MIB / 2)
  })

  void it('does not pay back a stall longer than a quarter of a second', () => {
    const pacer = createPacer(() => MIB, 0)
    assert.equal(pacer.take(10_000).bytes, MIB / 4)
  })

  void it('follows a rate that changes and has no limit without one', () => {
    let rate: number | undefined
    const pacer = createPacer(() => rate, 0)
    assert.equal(pacer.take(0).bytes, Number.POSITIVE_INFINITY)
    rate = 1000
    assert.equal(pacer.take(100).bytes, 100)
  })

  void it('lets a small body go at once', () => {
    assert.ok(createPacer(() => MIB, 0).take(0).bytes >= 4096)
  })

  void it('takes back what was not used', () => {
    const pacer = createPacer(() => 1000, 0)
    const { bytes } = pacer.take(100)
    pacer.putBack(bytes)
    assert.equal(pacer.take(100).bytes, bytes)
  })
})

function assertClose(actual: number, wanted: number): void {
  assert.ok(Math.abs(actual - wanted) <= wanted * 0.03, `${actual} instead of ${wanted}`)
}
