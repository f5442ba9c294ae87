import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'

const FILL = 4

/**
 * Takes over a free loopback port so that connecting to it never succeeds and never fails: its queue is full and
 * nobody accepts, so the kernel drops every further SYN. Returns what ends it.
 */
export async function openBlackHole(port: number): Promise<() => Promise<void>> {
  const worker = new Worker(new URL('./black-hole-worker.ts', import.meta.url), { workerData: port })
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  const fillers = Array.from({ length: FILL }, () => connect(port, '127.0.0.1').on('error', () => undefined))
  await sleep(50)
  return async () => {
    for (const filler of fillers) filler.destroy()
    await worker.terminate()
  }
}
