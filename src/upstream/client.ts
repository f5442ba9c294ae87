import { Readable } from 'node:stream'
import type { Clock } from '../domain/clock.ts'
import { AppError } from '../domain/errors.ts'
import type { Log } from '../domain/log.ts'
import { type CallAnswer, runCall } from './call.ts'
import { PATIENCE_MOST } from './health.ts'
import type { CallAsk } from './hop.ts'
import type { OriginClient } from './origin.ts'
import { discard } from './read-all.ts'
import { type Meter, NO_METER, type Standing } from './record.ts'
import { isRedirect } from './redirect.ts'
import { createResolve, type Resolve } from './resolve.ts'
import { type ClientLimits, DEFAULT_LIMITS, type UpstreamSettings } from './settings.ts'
import { createUpstream, type Surroundings, type Upstream } from './upstream.ts'

export interface OriginClientOptions {
  readonly upstreams: readonly UpstreamSettings[]
  readonly clock: Clock
  /** For the pauses between tries; 0 to 1. */
  readonly random?: () => number
  readonly log: Log
  readonly limits?: Partial<ClientLimits>
  /** Told of every call. */
  readonly meter?: Meter
  /** Name look-up; the system's unless given. */
  readonly resolve?: Resolve
}

/** An OriginClient that takes a new configuration while it runs. */
export interface ReloadableOriginClient extends OriginClient {
  /**
   * Replaces the upstreams. Calls under way finish on the old settings, whose connections close after them;
   * tokens are forgotten where address or credentials changed.
   */
  update(upstreams: readonly UpstreamSettings[]): void
  /** How an upstream did lately; undefined for one that is not configured. */
  standing(upstream: string): Standing | undefined
}

/** The client for all configured upstreams. Nothing is connected before the first request. */
export function createOriginClient(options: OriginClientOptions): ReloadableOriginClient {
  const surroundings: Surroundings = {
    clock: options.clock,
    random: options.random ?? Math.random,
    log: options.log,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    resolve: options.resolve ?? createResolve(),
    meter: options.meter ?? NO_METER,
  }
  let upstreams = new Map<string, Upstream>()
  let closed = false
  const retired = new Set<Upstream>()
  update(options.upstreams)

  function update(next: readonly UpstreamSettings[]): void {
    const before = upstreams
    upstreams = new Map(
      next.map((settings) => {
        const old = before.get(settings.name)
        const same = old !== undefined && isSame(old.settings, settings)
        return [settings.name, same ? old : createUpstream(settings, surroundings, old)]
      }),
    )
    const kept = new Set(upstreams.values())
    for (const old of before.values()) {
      if (kept.has(old)) continue
      retired.add(old)
      const forget = (): void => void retired.delete(old)
      // Where everything is destroyed meanwhile, there is nothing left to close.
      old.retire().then(forget, forget)
    }
  }

  async function run(ask: CallAsk): Promise<CallAnswer> {
    if (closed) throw new AppError('shutting_down')
    const upstream = upstreams.get(ask.request.upstream)
    if (upstream === undefined) {
      throw new AppError('name_unknown', { detail: { upstream: ask.request.upstream } })
    }
    return await runCall(upstream, ask, surroundings)
  }

  async function close(): Promise<void> {
    closed = true
    const all = [...upstreams.values(), ...retired]
    const error = new AppError('shutting_down')
    await Promise.all(all.map((upstream) => upstream.connections.destroy(error)))
  }

  return {
    async get(request, options = {}) {
      const { head, answer } = await run({ method: 'GET', request, options })
      if (!isRedirect(head.status)) return { head, body: answer.body }
      discard(answer.body)
      return { head, body: Readable.from([]) }
    },
    async head(request, options = {}) {
      return (await run({ method: 'HEAD', request, options })).head
    },
    rateLimit: (name) => upstreams.get(name)?.rates.last(),
    health: (name) => upstreams.get(name)?.breaker.state() ?? 'closed',
    patience: (name) => upstreams.get(name)?.breaker.patience() ?? PATIENCE_MOST,
    onStumble: (name, tell) => {
      const onlookers = upstreams.get(name)?.onlookers
      onlookers?.add(tell)
      return () => void onlookers?.delete(tell)
    },
    standing: (name) => upstreams.get(name)?.record.standing(),
    update,
    close,
  }
}

function isSame(a: UpstreamSettings, b: UpstreamSettings): boolean {
  const keys = Object.keys({ ...a, ...b }) as (keyof UpstreamSettings)[] // the keys of two UpstreamSettings
  return keys.every((key) => JSON.stringify(a[key]) === JSON.stringify(b[key]))
}
