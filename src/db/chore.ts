import { Worker } from 'node:worker_threads'
import type { Done, Errand } from './chore-worker.ts'
import type { Chores } from './chores.ts'

/**
 * Does a chore on a thread that lives as long as the chore does, so that no request waits for it. Rejects with the
 * message and code of what it threw.
 */
export function runChore<N extends keyof Chores>(
  chore: N,
  input: Parameters<Chores[N]>[0],
): Promise<ReturnType<Chores[N]>> {
  const errand: Errand = { chore, input }
  const thread = new Worker(new URL('./chore-worker.ts', import.meta.url), {
    name: chore,
    workerData: errand,
    resourceLimits: { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 256 },
  })
  return new Promise((resolve, reject) => {
    thread.once('message', (done: Done) => {
      // The thread answers with what the chore of that name returns.
      if (done.error === undefined) resolve(done.value as ReturnType<Chores[N]>)
      else reject(Object.assign(new Error(done.error.message), { code: done.error.code }))
    })
    thread.once('error', reject)
    thread.once('exit', () => reject(new Error(`the thread of the ${chore} ended early`)))
  })
}
