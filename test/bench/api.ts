import { setTimeout as sleep } from 'node:timers/promises'
import { type ApiClient, connectApi } from '../../src/api/client.ts'
import type { GcGoal, GcReport, VerifyReport } from '../../src/api/contract-work.ts'
import { socketAddress } from '../../src/api/socket.ts'

/** Lets `work` use the management API of the server that owns the data folder `root`. */
export async function withApi<T>(root: string, work: (api: ApiClient) => Promise<T>): Promise<T> {
  const address = socketAddress(root)
  try {
    return await work(connectApi(address.path))
  } finally {
    address.release()
  }
}

/** Cleans up and gives the report. */
export function gc(root: string, ask: GcGoal & { dryRun?: boolean }): Promise<GcReport> {
  return withApi(root, async (api) => {
    for await (const line of api.stream('/gc', { dryRun: false, ...ask })) {
      if (line.type === 'result') return line.result
    }
    throw new Error('the clean-up said no result')
  })
}

/** Reads everything again, `rate` bytes a second (0 = as fast as it goes); throws where something was damaged. */
export function scrubAll(root: string, rate: number, signal?: AbortSignal): Promise<VerifyReport> {
  return withApi(root, async (api) => {
    const options = signal === undefined ? {} : { signal }
    for await (const line of api.stream('/verify', { names: [], repair: false, rate }, options)) {
      if (line.type !== 'result') continue
      const [problem] = line.result.problems
      if (problem !== undefined) throw new Error(`the check found ${JSON.stringify(problem)}`)
      return line.result
    }
    throw new Error('the check said no result')
  })
}

/** Settles once no check runs: one that was told to end finishes the blob it reads. */
export function checkEnded(root: string): Promise<void> {
  return withApi(root, async (api) => {
    for (;;) {
      const { items } = await api.get('/jobs', {})
      if (items.every(({ job, endedAt }) => job !== 'verify' || endedAt !== undefined)) return
      await sleep(50)
    }
  })
}
