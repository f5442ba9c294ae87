import { setTimeout as sleep } from 'node:timers/promises'
import type { Index } from '../db/index.ts'
import type { Clock } from '../domain/clock.ts'
import type { Log } from '../domain/log.ts'
import { foldersByChange } from '../store/listing.ts'
import type { Store } from '../store/store.ts'
import { type Account, type Reconciled, reconcile } from './reconcile.ts'
import { isTrouble } from './trouble.ts'

/** Milliseconds of a start that may go into looking for what a crash left. */
const AT_ONCE = 250
/** Milliseconds between two folders while pulls go on. */
const PAUSE = 10

/** Files without rows and rows without files, left by an owner of the folder that was killed. */
export interface Aftermath {
  /**
   * Looks through the folders that changed last, before usage is counted. A process that is killed leaves at most one
   * file without its row, and that was the last change it made; only a power cut takes more rows with it.
   */
  first(): Promise<void>
  /** The other folders, while pulls go on. Rejects with the signal's reason once that is aborted. */
  rest(account: Account, signal: AbortSignal): Promise<Reconciled>
}

export function createAftermath(deps: { index: Index; store: Store; clock: Clock; log: Log }): Aftermath {
  const { index, store, log } = deps
  /** Undefined: nobody has looked yet. */
  let left: readonly number[] | undefined
  let seen: Reconciled = { found: 0, dropped: 0 }

  const look = async (folder: number, account?: Account): Promise<void> => {
    const { found, dropped } = await reconcile(account === undefined ? deps : { ...deps, account }, [folder])
    seen = { found: seen.found + found, dropped: seen.dropped + dropped }
  }

  const first = async (): Promise<void> => {
    const until = performance.now() + AT_ONCE
    const folders = await foldersByChange(store.layout)
    let done = 0
    for (const folder of folders) {
      if (performance.now() > until) break
      await look(folder)
      done++
    }
    left = folders.slice(done)
  }

  const tell = (): void => {
    const { found, dropped } = seen
    if (found + dropped === 0) return
    const text = `the last run was killed: ${found} files found again, ${dropped} rows without a file dropped`
    log.info({ event: 'aftermath', ...seen }, text)
  }

  return {
    first: async () => {
      if (!index.crashed()) return
      try {
        await first()
      } catch (error) {
        if (!isTrouble(error)) throw error
        log.warn({ event: 'aftermath', err: error }, 'what the last run left cannot be looked through')
      }
    },
    rest: async (account, signal) => {
      for (const folder of left ?? (await foldersByChange(store.layout))) {
        signal.throwIfAborted()
        await look(folder, account)
        await sleep(PAUSE, undefined, { signal })
      }
      left = []
      index.settled()
      tell()
      return seen
    },
  }
}
