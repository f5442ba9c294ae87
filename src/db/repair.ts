import { statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Clock, SECOND } from '../domain/clock.ts'
import type { Log } from '../domain/log.ts'
import { runChore } from './chore.ts'
import { type Connection, connect, type Place, putInPlace, type Recovered } from './connection.ts'

export type RecoveredListener = (recovered: Recovered) => Promise<void> | void

/** Puts a damaged index back while the program runs. */
export interface Repair {
  /** Starts, unless a repair runs or has just been done: a disk that damages everything is not fought. */
  begin(flaw: string): void
  /** Settles when another file is in place, or could not be put there (false). */
  exchanged(): Promise<boolean>
  /** As `exchanged`, and every listener is through. */
  done(): Promise<boolean>
  /** A repair that was done while the index was opened. */
  tell(recovered: Recovered): void
  /** None begins any more; settles when the one that runs is done. */
  stop(): Promise<void>
  onRecovered(listener: RecoveredListener): Promise<void>
}

export interface RepairDeps {
  readonly place: Place
  readonly isOwner: () => boolean
  readonly clock: Clock
  readonly log: Log
  readonly current: () => Connection
  /** Puts a new connection in the place of the current one, which it closes. */
  readonly take: (connect: () => Connection) => void
}

/** Milliseconds between two repairs. */
const REST = 10 * SECOND
/** Milliseconds that a process waits for the owner of the folder to repair. */
const PATIENCE = 5 * SECOND

export function createRepair(deps: RepairDeps): Repair {
  const { place, clock, log } = deps
  const listeners: RecoveredListener[] = []
  let running = false
  let stopped = false
  let begunAt = Number.NEGATIVE_INFINITY
  let last: Recovered | undefined
  let exchanged = Promise.resolve(false)
  let done = Promise.resolve(false)

  const replace = async (flaw: string): Promise<boolean> => {
    if (!deps.isOwner()) return await follow(deps)
    const rescued = await runChore('rescue', { file: place.file, migrations: place.migrations })
    deps.take(() => {
      const aside = putInPlace(place.file, clock())
      last = { ...rescued, flaw, aside }
      return connect(place, false)
    })
    return true
  }

  const tellAll = async (): Promise<void> => {
    for (const listener of listeners) if (last !== undefined) await listener(last)
  }

  const unlessFailed = (work: Promise<boolean>, what: string): Promise<boolean> =>
    work.catch((error: unknown) => {
      log.error({ event: 'index.repair', err: error }, what)
      return false
    })

  const begin: Repair['begin'] = (flaw) => {
    if (running || stopped || clock() - begunAt < REST) return
    running = true
    begunAt = clock()
    exchanged = unlessFailed(replace(flaw), `the index is damaged and cannot be put back: ${flaw}`)
    const told = exchanged.then(async (isNew) => {
      if (isNew) await tellAll()
      return isNew
    })
    done = unlessFailed(told, 'the index was put back, but not brought together with the disk').finally(
      () => {
        running = false
      },
    )
  }

  return {
    begin,
    exchanged: () => exchanged,
    done: () => done,
    tell: (recovered) => {
      last = recovered
    },
    stop: async () => {
      stopped = true
      await done
    },
    onRecovered: async (listener) => {
      listeners.push(listener)
      if (last !== undefined) await listener(last)
    },
  }
}

/** Whether another file lies where the open one was. */
export function isReplaced({ inode }: Connection, file: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false })?.ino
  return found !== undefined && found !== inode
}

/** Another process owns the folder: it repairs, and this one takes what it made. */
async function follow({ place, current, take }: RepairDeps): Promise<boolean> {
  for (let waited = 0; waited < PATIENCE; waited += 50) {
    if (isReplaced(current(), place.file)) {
      take(() => connect(place, false))
      return true
    }
    await sleep(50)
  }
  return false
}
