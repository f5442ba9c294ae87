import { isDamage } from '../db/damage.ts'
import type { Index, Recovered } from '../db/index.ts'
import { type Clock, SECOND } from '../domain/clock.ts'
import type { Log } from '../domain/log.ts'
import type { Store } from '../store/store.ts'
import type { Cache } from './cache.ts'
import { type Reconciled, reconcile } from './reconcile.ts'

/** Milliseconds that requests wait for rows and files to be brought together; with a million of them it goes on beside. */
const PATIENCE = SECOND

/** What a repaired index means for the engine: the disk is looked through, and `recount` called. One line says it all. */
export async function followRepairs(deps: {
  index: Index
  store: Store
  clock: Clock
  log: Log
  recount: () => Promise<void>
}): Promise<void> {
  const { index, log } = deps
  const bringTogether = async (recovered: Recovered): Promise<void> => {
    const reconciled = await reconcile(deps)
    await deps.recount()
    tell(log, recovered, reconciled)
  }
  await index.onRecovered(async (recovered) => {
    const work = bringTogether(recovered).catch((error: unknown) => {
      log.error({ event: 'index.reconcile', err: error }, 'index and disk could not be brought together')
    })
    await Promise.race([work, after(PATIENCE)])
  })
}

/** The engine over an index that may turn out to be damaged: whoever ran into that is served after the repair. */
export function createHealing(cache: Cache, index: Index): Cache {
  const twice = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      if (!isDamage(error) || !(await index.repaired())) throw error
      return await work()
    }
  }
  return {
    ...cache,
    stat: (want) => twice(() => cache.stat(want)),
    read: (want) => twice(() => cache.read(want)),
    open: (want) => twice(() => cache.open(want)),
  }
}

function tell(log: Log, recovered: Recovered, { found, dropped }: Reconciled): void {
  const { flaw, aside, snapshotAt, salvaged } = recovered
  const isNew = aside === undefined && snapshotAt === undefined
  if (isNew && found === 0) return
  const from =
    snapshotAt === undefined
      ? 'there was no good snapshot'
      : `snapshot of ${new Date(snapshotAt).toISOString()}`
  const read = `${salvaged.rows} rows read from the damaged file${salvaged.gaps > 0 ? ', others were lost' : ''}`
  const disk = `${found} files found again, ${dropped} rows without a file dropped`
  const sources = aside === undefined ? from : `${from}; ${read}; kept as ${aside}`
  log.warn(
    { event: 'index.recovered', flaw, aside, snapshotAt, ...salvaged, found, dropped },
    `the index was damaged and is put back (${flaw}): ${sources}; ${disk}`,
  )
}

/** Settles after `ms`, without keeping the process alive. */
function after(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref()
  })
}
