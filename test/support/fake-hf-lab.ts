import type { Clock } from '../../src/domain/clock.ts'
import { type Cachalot, type ConfigTables, startCachalot } from './cachalot.ts'
import { type FakeHf, startFakeHf } from './fake-hf.ts'
import type { Cleanup } from './temp.ts'

export interface HfLab {
  readonly hub: FakeHf
  readonly cache: Cachalot
  /** What clients have in HF_ENDPOINT. */
  readonly endpoint: string
}

/** A fake hub and a cache in front of it. */
export async function startHfLab(
  t: Cleanup,
  options: {
    readonly config?: ConfigTables
    readonly clock?: Clock
    readonly env?: Readonly<Record<string, string>>
  } = {},
): Promise<HfLab> {
  const hub = await startFakeHf(t)
  const { config = {}, ...rest } = options
  const huggingface = { url: hub.url, redirect_hosts: [hub.storageHost], ...config.huggingface }
  const cache = await startCachalot(t, {
    ...rest,
    config: { ...config, huggingface },
    // Nobody is there.
    hub: { url: 'http://127.0.0.1:9' },
  })
  return { hub, cache, endpoint: `${cache.url}/hf` }
}
