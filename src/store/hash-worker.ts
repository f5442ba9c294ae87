import { createHash, type Hash } from 'node:crypto'
import { readlinkSync, readSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { standBack } from '../domain/background.ts'
import type { HashAnswer, HashOrder, Waiter } from './hasher.ts'

/** Bytes hashed for one file before the next one gets its turn. */
const SLICE = 4 * 1024 * 1024

interface Job {
  readonly id: number
  readonly fd: number
  readonly hashes: readonly Hash[]
  /** Bytes of the file that are there. */
  size: number
  hashed: number
  finish: boolean
}

const jobs = new Map<number, Job>()
const buffer = Buffer.allocUnsafeSlow(1024 * 1024)
let scheduled = false

// From hasher.ts, which starts this thread.
const { waiter } = workerData as { waiter: Waiter }
if (waiter === 'nobody') standBack('far', readlinkSync)

const answer = (message: HashAnswer): void => parentPort?.postMessage(message)

parentPort?.on('message', (order: HashOrder) => {
  switch (order.kind) {
    case 'follow': {
      const hashes = order.algorithms.map((algorithm) => createHash(algorithm))
      jobs.set(order.id, { id: order.id, fd: order.fd, hashes, size: 0, hashed: 0, finish: false })
      return
    }
    case 'drop':
      jobs.delete(order.id)
      answer({ kind: 'dropped', id: order.id })
      return
    case 'advance':
    case 'finish': {
      const job = jobs.get(order.id)
      if (job === undefined) return
      job.size = order.size
      job.finish = order.kind === 'finish'
      schedule()
    }
  }
})

function schedule(): void {
  if (scheduled) return
  scheduled = true
  setImmediate(turn)
}

/** One slice of every file that has bytes waiting. */
function turn(): void {
  scheduled = false
  for (const job of jobs.values()) {
    try {
      advance(job)
    } catch (error) {
      jobs.delete(job.id)
      answer({ kind: 'failed', id: job.id, why: error instanceof Error ? error.message : String(error) })
    }
  }
}

function advance(job: Job): void {
  const until = Math.min(job.size, job.hashed + SLICE)
  while (job.hashed < until) {
    const read = readSync(job.fd, buffer, 0, Math.min(buffer.length, until - job.hashed), job.hashed)
    if (read === 0) throw new Error(`the file ends at ${job.hashed} of ${job.size} bytes`)
    for (const hash of job.hashes) hash.update(buffer.subarray(0, read))
    job.hashed += read
  }
  if (job.hashed < job.size) schedule()
  else if (job.finish) {
    jobs.delete(job.id)
    answer({ kind: 'digests', id: job.id, hex: job.hashes.map((hash) => hash.digest('hex')) })
  }
}
