import { type Clock, DAY, HOUR, MINUTE } from '../domain/clock.ts'
import type { Log } from '../domain/log.ts'
import { type Decision, decide, dueAt, nextLookAt, type Standing } from './decision.ts'
import type { Environment } from './environment.ts'
import { type AcmeFolder, makeAcmeFolder } from './folder.ts'
import type { Later } from './later.ts'
import { type Attempt, askLego } from './lego.ts'
import { findPair, installPair, type Pair, readPair } from './pair.ts'
import type { AcmeSettings } from './settings.ts'
import { readState, writeState } from './state.ts'

export interface AcmeOptions {
  readonly settings: AcmeSettings
  readonly folder: AcmeFolder
  /** Whether this process may write the folder; another one has the certificate otherwise. */
  readonly isOwner: () => boolean
  readonly environment: Environment
  readonly clock: Clock
  readonly later: Later
  /** From 0 to below 1. */
  readonly random: () => number
  readonly log: Log
  /** Called when there is another certificate at `folder.pair`. */
  readonly onCertificate: () => void
  /** Milliseconds a lego may run; ten minutes. */
  readonly timeout?: number
}

export interface Acme {
  /** Looks whether a certificate is to be had, and has it; joins a look that is under way. Never rejects. */
  check(): Promise<void>
  /** Takes other settings into use, and looks. */
  update(settings: AcmeSettings): Promise<void>
  /** Ends a lego that runs, and looks no more. */
  stop(): Promise<void>
}

const NOT_OWNER_PAUSE = MINUTE
const UNABLE_PAUSE = 5 * MINUTE
/** So that not everybody asks the same authority at the same minute of the day. */
const MOST_JITTER = 2 * HOUR

/** Keeps the certificate for the configured names fresh, a look a day. Nothing happens before the first `check`. */
export function createAcme(options: AcmeOptions): Acme {
  const { folder, clock, later, random, log } = options
  const ending = new AbortController()
  let { settings } = options
  let running: Promise<void> | undefined
  let cancel = (): void => undefined
  const say = createComplaints(log, clock)

  const installed = (pair: Pair): number => {
    options.onCertificate()
    return nextLookAt(pair, clock()) - clock()
  }
  const lookOnce = async (): Promise<number | undefined> => {
    const wanted = settings
    if (wanted.domains.length === 0) return undefined
    if (!options.isOwner()) return NOT_OWNER_PAUSE
    makeAcmeFolder(folder)
    const decision = decide(standingFor(wanted, folder), wanted, clock())
    if (decision.kind === 'wait') return decision.until - clock()
    const adopted = adopt({ settings: wanted, folder, clock })
    if (adopted !== undefined) return installed(adopted)
    const attempt = await askLego({ ...options, settings: wanted, signal: ending.signal }, decision.why)
    return settle(attempt, wanted)
  }
  /** Writes down what came of it, and gives the time until the next look. */
  const settle = (attempt: Attempt, wanted: AcmeSettings): number => {
    if (attempt.kind === 'unable') {
      say(attempt.said)
      return UNABLE_PAUSE
    }
    if (attempt.kind === 'obtained') {
      take(attempt.pair, wanted, folder)
      const until = new Date(attempt.pair.validTo)
      log.info({ event: 'acme', names: attempt.pair.names, until }, 'a certificate was obtained')
      return installed(attempt.pair)
    }
    const until = fail(wanted, folder, clock())
    const next = new Date(until)
    log.error({ event: 'acme', said: attempt.said, next }, 'no certificate was obtained')
    return until - clock()
  }

  const look = async (): Promise<void> => {
    cancel()
    try {
      const pause = await lookOnce()
      if (pause === undefined || ending.signal.aborted) return
      cancel = later(pause + random() * Math.min(pause / 8, MOST_JITTER), () => void check())
    } catch (error) {
      if (ending.signal.aborted) return
      say(`the state of our certificates cannot be kept: ${String(error)}`)
      cancel = later(HOUR, () => void check())
    }
  }
  const check = (): Promise<void> => {
    if (ending.signal.aborted) return Promise.resolve()
    running ??= look().finally(() => {
      running = undefined
    })
    return running
  }
  return {
    check,
    update: async (next) => {
      settings = next
      await running
      await check()
    },
    stop: async () => {
      ending.abort()
      cancel()
      await running
    },
  }
}

function standingFor(settings: AcmeSettings, folder: AcmeFolder): Standing {
  const { directory, failures, failedAt, failedWith } = readState(folder.state)
  const isSame = failedWith === nameOf(settings)
  return { certificate: readPair(folder.pair), directory, failures: isSame ? failures : 0, failedAt }
}

/** What lego obtained without us, or before we were killed, is as good as a new one. */
function adopt({
  settings,
  folder,
  clock,
}: {
  settings: AcmeSettings
  folder: AcmeFolder
  clock: Clock
}): Pair | undefined {
  const pairs = ([4, 5] as const)
    .map((generation) => findPair(folder.legoPath(generation, settings.directory), settings.domains))
    .filter((pair) => pair !== undefined && dueAt(pair) > clock())
  const [best] = pairs.toSorted((a, b) => (b?.validTo ?? 0) - (a?.validTo ?? 0))
  if (best !== undefined) take(best, settings, folder)
  return best
}

function take(pair: Pair, { directory }: AcmeSettings, folder: AcmeFolder): void {
  installPair(folder.pair, pair)
  writeState(folder.state, { directory, failures: 0, failedAt: 0, failedWith: '' })
}

/** Counts a failure; gives when the next attempt may be made. */
function fail(settings: AcmeSettings, folder: AcmeFolder, now: number): number {
  const before = readState(folder.state)
  const failedWith = nameOf(settings)
  const failures = (before.failedWith === failedWith ? before.failures : 0) + 1
  writeState(folder.state, { directory: before.directory, failures, failedAt: now, failedWith })
  const decision: Decision = decide(standingFor(settings, folder), settings, now)
  return decision.kind === 'wait' ? decision.until : now
}

function nameOf(settings: AcmeSettings): string {
  return JSON.stringify(Object.entries(settings).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** Says the same complaint once a day and not every five minutes. */
function createComplaints(log: Log, clock: Clock): (what: string) => void {
  let last = ''
  let at = 0
  return (what) => {
    if (what === last && clock() - at < DAY) return
    last = what
    at = clock()
    log.error({ event: 'acme', said: what }, 'no certificate can be asked for')
  }
}
