import { MINUTE, SECOND } from '../../domain/clock.ts'
import { formatDuration } from '../../domain/units.ts'
import { type Check, here } from './check.ts'

/** A Date header has whole seconds and travelled for a moment. */
const TOLERATED = 30 * SECOND
const BREAKS = 5 * MINUTE

/** Compares our clock with those of the upstreams; with several, the one in the middle counts. */
export function checkClock(clocks: readonly { readonly theirs: number; readonly ours: number }[]): Check {
  const name = 'clock'
  const offsets = clocks.map(({ theirs, ours }) => ours - theirs).toSorted((a, b) => a - b)
  const offset = offsets[Math.floor(offsets.length / 2)]
  if (offset === undefined) return here({ name, state: 'ok', detail: 'no upstream to compare it with' })
  const off = Math.abs(offset)
  if (off <= TOLERATED) return here({ name, state: 'ok', detail: 'agrees with the upstreams' })
  const detail = `${formatDuration(off)} ${offset > 0 ? 'ahead of' : 'behind'} the upstreams`
  const advice = 'set it by NTP: certificates and tokens depend on it'
  return here({ name, state: off > BREAKS ? 'fail' : 'warn', detail, advice })
}
