import type { Clock } from '../domain/clock.ts'
import type { Log } from '../domain/log.ts'
import type { OriginClient } from '../upstream/origin.ts'
import { createBringing } from './bringing.ts'
import { createMirrorFlights, type MirrorFlight } from './flights.ts'
import { createFolders } from './folders.ts'
import type { Mirror } from './mirror.ts'
import { createProgram } from './program.ts'
import { isBranch, isSame, type Known } from './refs.ts'
import { createRelay } from './relay.ts'
import type { Budget } from './room.ts'
import { accountOf, createShelf, type MirrorAccount, type Shelf } from './shelf.ts'
import type { Slots } from './slots.ts'
import type { Source } from './source.ts'
import { createUpkeep } from './upkeep.ts'

/** All mirrors of git repositories, in the folder of this process. */
export interface Mirrors {
  /** One that may be served: its upstream shows it to everybody, as far as is known. */
  find(name: string): Promise<Mirror | undefined>
  /** Its upstream showed it to everybody at that time. */
  confirmed(name: string, at: number): Promise<void>
  /** Its upstream shows it to nobody without a login, or not at all: it is not served until that changes. */
  refused(name: string): Promise<void>
  /** What its upstream says now of refs with these prefixes; fetches in the background what changed. */
  noticed(source: Source, there: Known, prefixes: readonly string[]): Promise<void>
  /** Brings it up to date, or makes it; undefined where it cannot be kept. `joined`: that was under way. */
  refresh(source: Source): Promise<{ flight: MirrorFlight; joined: boolean } | undefined>
  /** Fetches single objects that no branch or tag leads to. */
  fetchObjects(source: Source, oids: readonly string[]): Promise<void>
  /** Something in it could not be read: it is looked through, and goes where that is so. */
  suspect(name: string): void
  list(): Promise<readonly MirrorAccount[]>
  /** Of all of them, on disk. */
  bytes(): Promise<number>
  /** Takes one out, whole, and returns the bytes that freed; 0 where it is in use or not there. */
  evict(name: string): Promise<number>
  /**
   * Looks one through now: every object is read. One that is damaged goes; unknown: git could not look. Rejects with the
   * reason of the signal.
   */
  check(name: string, signal: AbortSignal): Promise<'sound' | 'damaged' | 'unknown' | 'absent'>
  /** Ends what is under way. */
  close(): Promise<void>
}

export interface MirrorsDeps {
  /** data/git and data/trash */
  readonly root: string
  readonly trash: string
  readonly client: OriginClient
  /** A second process on the same folder keeps its hands off. */
  readonly isOwner: () => boolean
  readonly budget: Budget
  /** Short runs of git at one time. */
  readonly questions: Slots
  /** The git program. */
  readonly program: () => string
  /** Bytes; 0 = no limit. */
  readonly maxMirror: () => number
  readonly clock: Clock
  readonly log: Log
}

/** Repositories of which it is remembered what HEAD stands for: anybody may ask about any. */
const MOST_HEADS = 5000
const MOST_OBJECTS = 200
/** Objects without a branch in one mirror, as far as this process fetched them. */
const MOST_KEPT = 2000

export function createMirrors(deps: MirrorsDeps): Mirrors {
  const { budget, clock, log } = deps
  const program = createProgram(deps.program)
  const relay = createRelay(deps.client)
  const folders = createFolders({ ...deps, program })
  const suspect = (name: string): void => aside(name, upkeep.suspect(name))
  const shelf = createShelf({ ...deps, folders, program, suspect })
  const flights = createMirrorFlights(clock)
  const end = new AbortController()
  const { signal } = end
  const heads = new Map<string, string>()
  const kept = new WeakMap<Mirror, number>()
  const upkeep = createUpkeep({ program, shelf, flights, budget, signal, clock, log })
  const bringing = createBringing({ ...deps, folders, program, relay, shelf, suspect, signal })

  /** Nobody waits for it, so nobody else would hear of a disk that fails. */
  const aside = (name: string, work: Promise<void>): void => {
    work.catch((error: unknown) => {
      log.warn({ event: 'git.upkeep', name, err: error }, 'a mirror cannot be looked after')
    })
  }

  const isReady = async (): Promise<boolean> => !signal.aborted && (await shelf.isReady())

  const find: Mirrors['find'] = async (name) => {
    const mirror = (await isReady()) ? shelf.get(name) : undefined
    return mirror?.state.refusedAt === undefined ? mirror : undefined
  }

  const refresh: Mirrors['refresh'] = async (source) => {
    const { name } = source
    if (!(await isReady()) || bringing.isResting(name)) return undefined
    return flights.join(name, async () => {
      const mirror = await bringing.bring(source, heads.get(name))
      setImmediate(() => aside(name, upkeep.keep(name)))
      return mirror
    })
  }

  const isBusy = (mirror: Mirror): boolean => mirror.isRead() || flights.isBusy(mirror.state.name)

  return {
    find,
    refresh,
    suspect,
    confirmed: async (name, at) => {
      const mirror = (await isReady()) ? shelf.get(name) : undefined
      if (mirror === undefined) return
      const { refusedAt } = mirror.state
      if (refusedAt !== undefined && at <= refusedAt) return
      const when = refusedAt === undefined ? 'later' : 'now'
      await mirror.note({ confirmedAt: at, refusedAt: undefined }, when)
    },
    refused: async (name) => {
      const mirror = (await isReady()) ? shelf.get(name) : undefined
      if (mirror !== undefined && mirror.state.refusedAt === undefined)
        await mirror.note({ refusedAt: clock() }, 'now')
    },
    noticed: async (source, there, prefixes) => {
      const { head } = there
      const mirror = await find(source.name)
      if (head !== undefined && isBranch(head)) rememberIn(heads, source.name, head)
      if (mirror === undefined) return
      const here = await mirror.known()
      const isOther = head !== undefined && isBranch(head) && head !== here.head
      if (isOther || !isSame(here.refs, there.refs, prefixes)) await refresh(source)
    },
    fetchObjects: async (source, oids) => {
      const { name } = source
      const mirror = shelf.get(name)
      const count = (): number => (mirror === undefined ? 0 : (kept.get(mirror) ?? 0))
      const mayCome = (): boolean => oids.length <= MOST_OBJECTS && count() + oids.length <= MOST_KEPT
      if (mirror === undefined || !mayCome()) return
      await flights.next(name, async () => {
        // Those before may have brought others. What is nowhere takes nothing: anybody can ask for that.
        if (mayCome()) kept.set(mirror, count() + (await bringing.add(source, oids)))
      })
    },
    list: async () => ((await isReady()) ? shelf.all().map((one) => accountOf(one, isBusy(one))) : []),
    bytes: async () => {
      if (!(await isReady())) return 0
      return shelf.all().reduce((sum, { state }) => sum + state.bytes, 0)
    },
    evict: async (name) => {
      const mirror = (await isReady()) ? shelf.get(name) : undefined
      return mirror === undefined || isBusy(mirror) ? 0 : await takeOut(mirror, shelf, log)
    },
    check: async (name, stop) =>
      (await isReady()) ? await upkeep.check(name, AbortSignal.any([stop, signal])) : 'absent',
    close: async () => {
      end.abort(new Error('this server is stopping'))
      await flights.settled()
      await relay.close()
      for (const mirror of shelf.all()) await mirror.note({}, 'now').catch(() => undefined)
    },
  }
}

function rememberIn(heads: Map<string, string>, name: string, head: string): void {
  heads.delete(name)
  heads.set(name, head)
  if (heads.size > MOST_HEADS) heads.delete(heads.keys().next().value ?? '')
}

/** Frees nothing where the disk does not let it go: whoever needs the room takes something else. */
async function takeOut(mirror: Mirror, shelf: Shelf, log: Log): Promise<number> {
  try {
    return await shelf.discard(mirror, 'evicted')
  } catch (error) {
    const { name } = mirror.state
    log.warn({ event: 'git.evict', name, err: error }, `the mirror of ${name} could not be taken out`)
    return 0
  }
}
