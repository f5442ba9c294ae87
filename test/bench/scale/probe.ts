/**
 * Loaded into a server that is measured (`--import`): answers on the socket CACHALOT_PROBE with how late its event loop
 * was since it was asked last.
 */
import { createServer } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'

/** Milliseconds between two looks at the loop; a look that comes on time counts as no delay. */
const RESOLUTION = 1

/** Milliseconds. */
export interface LoopDelay {
  readonly p99: number
  readonly longest: number
}

const path = process.env['CACHALOT_PROBE']
// Threads of the server load it too.
if (path !== undefined && isMainThread) {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION })
  delays.enable()
  const server = createServer((_req, res) => {
    const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION)
    const answer: LoopDelay = { p99: late(delays.percentile(99)), longest: late(delays.max) }
    delays.reset()
    res.end(JSON.stringify(answer))
  })
  server.listen(path)
  server.unref()
}
