import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Clock, systemClock } from '../domain/clock.ts'
import { type Log, SILENT } from '../domain/log.ts'
import { type Checkpoints, createCheckpoints } from './checkpoints.ts'
import { runChore } from './chore.ts'
import { markClosed, markOpen } from './closing.ts'
import { type Connection, connect, connectOrRescue, type Place } from './connection.ts'
import { isDamage } from './damage.ts'
import type { Applied } from './migrate.ts'
import { closeDb, type Db, unlessTrouble } from './open.ts'
import { patiently } from './patience.ts'
import { createRepair, isReplaced, type RecoveredListener, type Repair } from './repair.ts'
import { changesOf, createSnapshots } from './snapshot.ts'
import { followTables, type Tables } from './tables.ts'

export type { Recovered } from './connection.ts'

/** The index as the rest of the program sees it. After a repair the tables are those of another file. */
export interface Index extends Tables {
  readonly applied: readonly Applied[]
  /**
   * Whether the owner of the folder before this one was killed, so that rows and files may differ. Until `settled`;
   * false for all but the owner, and where a repair looks through the files anyway.
   */
  crashed(): boolean
  /** Rows and files belong together again. */
  settled(): void
  /**
   * Bytes on disk of all blobs: while nothing was written yet, what was noted when it was closed in order, else
   * counted, which takes a while for a million of them.
   */
  bytes(): number
  /** Takes notice of what other processes wrote. Call about once a second. */
  notice(): void
  /** One immediate transaction; waits without blocking while another process writes. */
  transact<T>(work: () => T): Promise<T>
  /**
   * For work that nobody waits for, now and then: settles when most of what was written is where it belongs. A long question
   * keeps it in the log, which would grow by all that is written meanwhile; after 15 s it may, slowly. Ends with `signal`, too.
   */
  calm(signal: AbortSignal): Promise<void>
  /** Keeps a copy that a damaged index is put back from, unless nothing changed. For the owner of the folder. */
  snapshot(): Promise<void>
  /**
   * Settles when damage that a statement ran into is repaired; true when asking again makes sense. The listeners
   * of `onRecovered` have had their turn then.
   */
  repaired(): Promise<boolean>
  /** `listener` hears of every repair, also of one at the start; what it does is waited for. */
  onRecovered(listener: RecoveredListener): Promise<void>
  close(): Promise<void>
}

/** Long enough for the start, and for a command that only looks. */
const WARM_AFTER_MS = 3000

/** Whoever writes page after page would else never let a request in between: awaiting a transaction is no pause. */
const SLICE_MS = 5

export interface IndexOptions {
  /** Only the owner of the data folder makes snapshots and repairs. */
  readonly isOwner?: () => boolean
  readonly clock?: Clock
  readonly log?: Log
}

/**
 * Opens and migrates the index at `file`; for the owner of the folder a damaged one is put back first. Throws when
 * it cannot be opened, or is newer than this build.
 */
export function openIndex(file: string, migrations: string, options: IndexOptions = {}): Index {
  const { isOwner = () => false, clock = systemClock, log = SILENT } = options
  const place: Place = { file, migrations, notice: (error) => repair.begin(String(error)) }
  const opened = isOwner() ? connectOrRescue(place, clock()) : connect(place, false)
  let now: Connection = opened
  let owned = false
  let crashed = false
  let closing: Promise<void> | undefined

  const take = (connectNew: () => Connection): void => {
    // Without a pause from here to the end, so that no statement meets a closed index.
    void now.tables.clerk.close()
    now.db.close()
    now = connectNew()
    changes = changesOf(now.db)
    snapshots.begin(now)
  }
  const repair = createRepair({ place, isOwner, clock, log, current: () => now, take })
  const snapshots = createSnapshots(file, () => now)
  const checkpoints = createCheckpoints(file, () => now.db)
  /** As long as it stays, what was noted about the content holds. */
  let changes = changesOf(now.db)

  /** The folder is this process's own, from the start or since another one ended. */
  const own = (): void => {
    owned = true
    const isAsNoted = changes === changesOf(now.db)
    unlessTrouble(() => {
      crashed = !markOpen(now.tables) && now.recovered === undefined
    })
    if (isAsNoted) changes = changesOf(now.db)
    snapshots.begin(now)
  }

  const bytes = (): number => {
    const noted = changes === changesOf(now.db) ? now.bytesThen : undefined
    return noted ?? now.tables.blobs.totals().bytes
  }

  const checkLater = async (): Promise<void> => {
    const flaw = await runChore('check', { file }).catch(() => undefined)
    if (flaw !== undefined) repair.begin(flaw)
    // The last one may have become the index itself.
    else if (opened.recovered !== undefined) await snapshots.make().catch(() => undefined)
  }

  const close = async (): Promise<void> => {
    await repair.stop()
    await checkpoints.stop()
    await now.tables.clerk.close()
    unlessTrouble(() => now.tables.uses.flush())
    unlessTrouble(() => now.tables.entries.flushNews())
    unlessTrouble(() => now.tables.usage.flush())
    unlessTrouble(() => now.tables.keys.flush())
    const isSound = isOwner() && (await snapshots.atEnd())
    if (isSound && !crashed) unlessTrouble(() => markClosed(now.tables, bytes()))
    closeDb(now.db)
  }

  if (isOwner()) {
    own()
    sayCopy(opened, log)
    if (!opened.checked) void checkLater()
    setTimeout(() => now.tables.clerk.warm(), WARM_AFTER_MS).unref()
  }
  if (opened.recovered !== undefined) repair.tell(opened.recovered)

  return Object.assign(
    followTables(() => now.tables),
    {
      applied: opened.applied,
      bytes,
      calm: (signal: AbortSignal) => checkpoints.calm(signal),
      transact: createTransact({ db: () => now.db, repair, checkpoints }),
      notice: () =>
        unlessTrouble(() => {
          checkpoints.consider()
          if (!owned && isOwner()) own()
          if (isReplaced(now, file)) take(() => connect(place, false))
          now.tables.memo.checkOthers()
        }),
      snapshot: async () => {
        if (isOwner()) await snapshots.make()
      },
      crashed: () => crashed,
      settled: () => {
        crashed = false
      },
      repaired: () => repair.done(),
      onRecovered: (listener: RecoveredListener) => repair.onRecovered(listener),
      close: () => (closing ??= close()),
    },
  )
}

function createTransact(deps: { db: () => Db; repair: Repair; checkpoints: Checkpoints }): Index['transact'] {
  const { db, repair, checkpoints } = deps
  /** Milliseconds since the event loop certainly went on. */
  let worked = 0
  return async (work) => {
    const run = () => {
      const began = performance.now()
      const result = db().transaction(work).immediate()
      worked += performance.now() - began
      checkpoints.consider()
      return result
    }
    const pause = checkpoints.pause()
    if (pause !== undefined) await pause
    if (worked > SLICE_MS) {
      worked = 0
      await nextTurn()
    }
    try {
      return await patiently(run)
    } catch (error) {
      if (!isDamage(error)) throw error
      repair.begin(String(error))
      if (!(await repair.exchanged())) throw error
      return await patiently(run)
    }
  }
}

function sayCopy({ applied, copy }: Connection, log: Log): void {
  const versions = applied.map(({ name }) => name).join(', ')
  if (copy.kind === 'made') {
    log.info({ event: 'index.migrated', copy: copy.file }, `the index was migrated: ${versions}`)
  } else if (copy.kind === 'failed') {
    const words = `the index was migrated without a copy of it from before, which could not be made: ${copy.why}`
    log.warn({ event: 'index.migrated', versions }, words)
  }
}
