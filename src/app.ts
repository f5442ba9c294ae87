import { join } from 'node:path'
import { createActivity } from './activity/activity.ts'
import type { Effective, Inside } from './api/deps.ts'
import type { Config } from './config/config.ts'
import type { Index } from './db/index.ts'
import { type Clock, HOUR, MINUTE, SECOND, systemClock } from './domain/clock.ts'
import type { Log } from './domain/log.ts'
import { openEngine } from './engine.ts'
import type { Entrance } from './entrance.ts'
import { createFinding } from './finding.ts'
import { createFrontDoor, ociSettings } from './front-door.ts'
import { createGitFetcher } from './frontends/git/fetcher.ts'
import { gitSettings } from './git-settings.ts'
import { SETUP_PATH } from './http/setup-routes.ts'
import { createHub } from './hub/hub.ts'
import { createLocalAccess } from './local-access.ts'
import { createManagement } from './management.ts'
import { metricsSources } from './measuring.ts'
import { startTransport, type Transport } from './transport.ts'

/** What tests put in place of the world. */
export interface Seams {
  readonly clock?: Clock
  readonly log: Log
  /** Milliseconds a download nobody reads goes on before it is parked. */
  readonly abandonGrace?: number
  /** The configuration as it was read last, for people. */
  readonly effective?: () => Effective
  /** local: no listener for clients, only the socket of the data folder, for commands without a server. */
  readonly listen?: 'local'
  /** Where the built console is; ui/dist, unless a test has its own. */
  readonly consoleFolder?: string
}

export interface App {
  /** Where clients are listened for; port 0 when they are not. */
  readonly address: { readonly host: string; readonly port: number }
  /** Where the plain listener beside an encrypted server is, if there is one. */
  redirectAddress(): { readonly host: string; readonly port: number } | undefined
  /** Whether this process owns the data folder; a second one on the same folder does not. */
  readonly ownsData: boolean
  /** Path and query of the page where the first admin is made; undefined as soon as there is a user. */
  setupPath(): Promise<string | undefined>
  /** Takes a new configuration into use; server.listen and storage.path stay as they are. */
  update(config: Config): void
  /** Writes down that the configuration was read anew, and whether it could be used. */
  noteReload(this: void, outcome: 'ok' | 'refused', file: string): void
  /** Stops within `grace` ms: running answers end, downloads are parked, the index is closed. */
  close(grace?: number): Promise<void>
}

const CONSOLE = join(import.meta.dirname, '..', 'ui', 'dist')
const STOP_GRACE = 30 * SECOND
const LONGEST_COMMAND = 24 * HOUR
const FLUSH_EVERY = 5 * SECOND
const NOTICE_EVERY = SECOND
/** So that a new folder has a snapshot before the first run of gc, and before the first clean stop. */
const FIRST_SNAPSHOT = 5 * MINUTE

const NO_FILE = (): Effective => ({ file: '', entries: [] })

/** The only constructor of things. Rejects with the error of whatever could not be opened or listened on. */
export async function startApp(initial: Config, seams: Seams): Promise<App> {
  let config = initial
  let stopping = false
  const { log, consoleFolder = CONSOLE, abandonGrace, effective = NO_FILE } = seams
  const clock = seams.clock ?? systemClock
  const isServer = seams.listen !== 'local'
  const engine = await openEngine(() => config, { clock, log, abandonGrace, isServer })
  const { owner, store, index, client, metrics, traces, parts, entrance, git } = engine
  const { isOwner } = owner
  let transport: Transport | undefined
  const activity = createActivity(clock)
  const certificate = () => transport?.certificate()
  const common = { config: () => config, index, store, parts, entrance, activity, traces, clock, log }
  const inside: Inside = {
    ask: (ask) => door.ask(ask),
    git: createGitFetcher({ git, settings: () => gitSettings(config), clock }),
  }
  const hub = createHub({ client, settings: () => config.hub, clock })
  const find = createFinding({ hub, index })
  const outward = { effective, client, certificate, inside, hub }
  const management = createManagement({ ...common, ...outward, isOwner, ociSettings })
  const { remote: api, scheduler } = management
  metrics.readFrom(metricsSources({ ...common, client, scheduler }))
  const isStopping = (): boolean => stopping
  const door = createFrontDoor({ ...common, client, git, find, api, metrics, consoleFolder, isStopping })
  const local = createLocalAccess({ folder: store.layout.root, handle: management.local, isOwner, log })
  const flush = (): void => {
    parts.flush()
    entrance.audit.flush()
  }
  const notice = (): void => {
    owner.tryClaim(store.layout.lock)
    index.notice()
    management.settle()
    void local.start()
  }
  const stopTimers = startTimers({ flush, notice, snapshot: () => void snapshot(index, log) })

  const end = async (): Promise<void> => {
    stopTimers()
    management.endStreams()
    // Another command may be at work in this one's engine.
    if (seams.listen === 'local') await local.close(LONGEST_COMMAND)
    await Promise.all([management.scheduler.stop(), management.describer.stop()])
    if (seams.listen !== 'local') await local.close(SECOND)
    await Promise.all([parts.flights.drain(), git.close()])
    await Promise.all([client.close(), parts.undo.settled(), traces.close()])
    flush()
    await index.close()
    owner.release()
  }
  try {
    if (seams.listen !== 'local') {
      const { handle } = door
      transport = await startTransport({ config, handle, gate: entrance.connections, clock, log, isOwner })
      entrance.warnOfVantage()
    }
    await local.start()
    // The limits may be lower than they were.
    void engine.makeRoom()
  } catch (error) {
    await transport?.close(0)
    await end()
    throw error
  }

  return {
    address: transport?.address ?? { ...config.server.listen, port: 0 },
    redirectAddress: () => transport?.redirectAddress(),
    get ownsData() {
      return isOwner()
    },
    setupPath: () => setupPath(entrance),
    noteReload: (outcome, target) =>
      entrance.audit.note({ who: 'local', address: '', action: 'config.reload', target, outcome }),
    update: (next) => {
      config = next
      management.plan(next)
      engine.refresh()
      door.refresh()
      void transport?.update(next)
    },
    close: async (grace = STOP_GRACE) => {
      stopping = true
      management.endStreams()
      await transport?.close(grace)
      await end()
    },
  }
}

async function setupPath({ setup }: Entrance): Promise<string | undefined> {
  const token = await setup.token()
  return token === undefined ? undefined : `${SETUP_PATH}?token=${token}`
}

/** Returns what ends them. */
function startTimers(work: { flush: () => void; notice: () => void; snapshot: () => void }): () => void {
  const timers = [
    setInterval(work.flush, FLUSH_EVERY).unref(),
    setInterval(work.notice, NOTICE_EVERY).unref(),
    setTimeout(work.snapshot, FIRST_SNAPSHOT).unref(),
  ]
  return () => {
    for (const timer of timers) clearInterval(timer)
  }
}

async function snapshot(index: Index, log: Log): Promise<void> {
  try {
    await index.snapshot()
  } catch (error) {
    log.warn({ event: 'index.snapshot', err: error }, 'the index could not be copied to its snapshot')
  }
}
