import { existsSync } from 'node:fs'
import { runChore } from './chore.ts'
import type { Connection } from './connection.ts'
import { isDamage } from './damage.ts'
import { copyDb, isDiskTrouble, snapshotOf } from './files.ts'
import { type Db, isStorageTrouble } from './open.ts'

/** The copy of the index that a damaged one is put back from. There is one, replaced whole. */
export interface Snapshots {
  /** A connection was opened. */
  begin(connection: Connection): void
  /**
   * On a thread, beside everything else; settles at once when nothing changed. What was written before the call is in it
   * then, also where a copy was being made already: that one may have begun before. Rejects when the disk refuses.
   */
  make(): Promise<void>
  /** At the end, when nobody is kept waiting. False when the index turned out to be damaged. */
  atEnd(): Promise<boolean>
}

export function createSnapshots(file: string, current: () => Connection): Snapshots {
  const snapshot = snapshotOf(file)
  /** What the snapshot holds, as far as this process knows. */
  let held: string | undefined
  let running: Promise<void> | undefined
  /** The one after that, for all who came meanwhile. */
  let next: Promise<void> | undefined
  let isOver = false

  const isCurrent = (): boolean => held === changesOf(current().db) && existsSync(snapshot)

  const make = async (): Promise<void> => {
    const changes = changesOf(current().db)
    await runChore('snapshot', { file })
    held = changes
  }

  const beginNow = async (): Promise<void> => {
    if (isOver || isCurrent()) return
    running = make().finally(() => {
      running = undefined
    })
    await running
  }

  const beginAfter = async (before: Promise<void> | undefined): Promise<void> => {
    await before?.catch(() => undefined)
    next = undefined
    await beginNow()
  }

  return {
    begin: ({ db, applied, wasClean }) => {
      held = wasClean && applied.length === 0 ? changesOf(db) : undefined
    },
    make: async () => {
      if (running === undefined && next === undefined) return await beginNow()
      next ??= beginAfter(running)
      await next
    },
    atEnd: async () => {
      isOver = true
      await running?.catch(() => undefined)
      try {
        if (!isCurrent()) copyDb(current().db, snapshot)
      } catch (error) {
        if (!isStorageTrouble(error) && !isDiskTrouble(error)) throw error
        return !isDamage(error)
      }
      return true
    },
  }
}

/** Differs after every change, whoever made it. */
export function changesOf(db: Db): string {
  const own = db.prepare<[], number>('SELECT total_changes()').pluck().get()
  return `${own} ${String(db.pragma('data_version', { simple: true }))}`
}
