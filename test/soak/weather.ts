import { setTimeout as sleep } from 'node:timers/promises'
import { pick, type Random } from '../e2e/kill-random.ts'
import { KIB, MIB } from '../e2e/support.ts'
import type { Fault } from '../support/fake-faults.ts'
import type { FakeUpstream } from '../support/fake-upstream.ts'

/** Behind that many bytes only the last one is ever flipped. */
export const MOST_CORRUPT = 64 * KIB

/** What goes wrong at upstreams every day. */
const FAULTS: readonly ((random: Random) => Fault)[] = [
  (random) => ({ resetAfter: Math.floor(random() * 2 * MIB) }),
  (random) => ({ truncateAfter: Math.floor(random() * MIB) }),
  (random) => ({ corruptAt: Math.floor(random() * MOST_CORRUPT) }),
  () => ({ corruptAt: -1 }),
  () => ({ status: 500 }),
  () => ({ status: 503, headers: { 'retry-after': '1' } }),
  () => ({ status: 429, headers: { 'retry-after': '1' } }),
  () => ({ status: 404 }),
  () => ({ latencyMs: 400 }),
  () => ({ drip: { bytesPerSecond: 3 * MIB } }),
  () => ({ ignoreRange: true, resetAfter: 300 * KIB }),
  () => ({ wrongRangeStart: 7 }),
  () => ({ etag: '"other"' }),
  () => ({ contentLength: 'omit' }),
  () => ({ close: true }),
  () => ({ extraBytes: 5 }),
  () => ({ contentEncoding: 'gzip' }),
]

/** Changes what goes wrong every second or two until it is told to stop; returns how often something struck. */
export async function changeWeather(
  hub: FakeUpstream,
  { random, signal }: { readonly random: Random; readonly signal: AbortSignal },
): Promise<number> {
  let struck = 0
  while (!signal.aborted) {
    await sleep(500 + random() * 1500)
    if (random() < 0.06) struck += await outage(hub, random)
    else {
      const fault = pick(random, FAULTS)(random)
      const added = hub.faults.add({ fault, times: 1 + Math.floor(random() * 6) })
      await sleep(500 + random() * 1500)
      added.remove()
      struck += added.struck
    }
    hub.bandwidth = random() < 0.3 ? 20 * MIB : undefined
  }
  hub.bandwidth = undefined
  return struck
}

/** The whole upstream is gone for a moment. */
async function outage(hub: FakeUpstream, random: Random): Promise<number> {
  await hub.stop()
  await sleep(200 + random() * 1500)
  await hub.start()
  return 1
}
