import { MINUTE, systemClock } from '../../src/domain/clock.ts'
import type { EntryKey } from '../../src/domain/names.ts'
import { createGoFrontEnd } from '../../src/frontends/go/front-end.ts'
import type { GoSettings } from '../../src/frontends/go/settings.ts'
import type { UpstreamSettings } from '../../src/upstream/settings.ts'
import { type FrontEndLab, type FrontEndLabOptions, startFrontEndLab } from './front-end-lab.ts'
import type { Cleanup } from './temp.ts'

export interface GoLabOptions
  extends Pick<FrontEndLabOptions<never>, 'config' | 'clock' | 'dataDir' | 'tls'> {
  readonly upstreams: readonly (Pick<UpstreamSettings, 'name' | 'url'> & Partial<UpstreamSettings>)[]
  readonly settings?: Partial<GoSettings>
}

/** `url`: of the proxy, "http://127.0.0.1:PORT/go". */
export interface GoLab extends FrontEndLab {
  /** As if the disk had needed the room: this name goes, as soon as nothing is on its way in. */
  evict(key: EntryKey): Promise<void>
}

/** The engine with the module proxy alone in front of it, on loopback; upstreams are those of the origin client. */
export async function startGoLab(t: Cleanup, options: GoLabOptions): Promise<GoLab> {
  const { clock = systemClock } = options
  const lab = await startFrontEndLab(t, {
    ...options,
    upstreams: options.upstreams.map(withDefaults),
    frontEnd: ({ parts, log }) =>
      createGoFrontEnd({ cache: parts.cache, keeper: parts.made, log }, settingsOf(options)),
  })
  return {
    ...lab,
    url: `${lab.url}/go`,
    evict: async (key) => {
      await lab.landed()
      await lab.index.transact(() => lab.index.entries.remove(key, clock()))
    },
  }
}

function settingsOf({ upstreams, settings = {} }: GoLabOptions): GoSettings {
  return {
    enabled: true,
    verify: 'record',
    upstreams: upstreams.map(({ name }) => ({ name, match: [], onError: 'stop' as const })),
    databases: [],
    private: [],
    whenUnreachable: 'error',
    listTtl: MINUTE,
    ...settings,
  }
}

function withDefaults(given: GoLabOptions['upstreams'][number]): UpstreamSettings {
  return { kind: 'files', allowPrivate: true, tokenHosts: [], ...given }
}
