import { Worker } from 'node:worker_threads'
import type { DigestAlgorithm } from '../domain/digest.ts'

/** What the worker is told. Sizes are bytes of the file that may be read. */
export type HashOrder =
  | {
      readonly kind: 'follow'
      readonly id: number
      readonly fd: number
      readonly algorithms: readonly DigestAlgorithm[]
    }
  | { readonly kind: 'advance' | 'finish'; readonly id: number; readonly size: number }
  | { readonly kind: 'drop'; readonly id: number }

/** What the worker answers. */
export type HashAnswer =
  | { readonly kind: 'digests'; readonly id: number; readonly hex: readonly string[] }
  | { readonly kind: 'failed'; readonly id: number; readonly why: string }
  | { readonly kind: 'dropped'; readonly id: number }

/** Who waits for a hash: a client for its last byte, or nobody, whose thread stands back behind all others. */
export type Waiter = 'client' | 'nobody'

/** The hash of one growing file. */
export interface FileHash {
  /** So many bytes are in the file now. */
  advance(size: number): void
  /** The hashes of the first `size` bytes, hexadecimal, one per algorithm. Rejects when the file cannot be read. */
  finish(size: number): Promise<readonly string[]>
  /** Settles when the file is not read any more; its descriptor may be closed then. */
  drop(): Promise<void>
}

interface Waiting {
  readonly thread: Worker
  resolve(hex: readonly string[]): void
  reject(error: Error): void
  /** The file is not read any more. */
  left(): void
}

const threads = new Map<Waiter, Worker>()
let nextId = 0
const waiting = new Map<number, Waiting>()

/**
 * Hashes a file while it grows, on a thread of its own: it follows the file as any reader does, so the thread
 * that receives and sends bytes does not pay for it.
 */
export function followFile(
  fd: number,
  algorithms: readonly DigestAlgorithm[],
  waiter: Waiter = 'client',
): FileHash {
  const thread = threads.get(waiter) ?? startThread(waiter)
  const id = nextId++
  const answer = Promise.withResolvers<readonly string[]>()
  const left = Promise.withResolvers<void>()
  answer.promise.catch(() => undefined)
  waiting.set(id, { thread, resolve: answer.resolve, reject: answer.reject, left: left.resolve })
  thread.ref()
  const tell = (order: HashOrder): void => thread.postMessage(order)
  tell({ kind: 'follow', id, fd, algorithms })
  return {
    advance: (size) => tell({ kind: 'advance', id, size }),
    finish: (size) => {
      tell({ kind: 'finish', id, size })
      return answer.promise
    },
    drop: () => {
      tell({ kind: 'drop', id })
      return left.promise
    },
  }
}

/** Started with the first file; it keeps the process alive only while it has work. */
function startThread(waiter: Waiter): Worker {
  const thread = new Worker(new URL('./hash-worker.ts', import.meta.url), {
    name: waiter === 'client' ? 'hash' : 'check',
    workerData: { waiter },
    // It holds one buffer and a hash per file.
    resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 32 },
  })
  threads.set(waiter, thread)
  thread.on('message', receive)
  thread.on('error', (error: Error) => {
    threads.delete(waiter)
    for (const [id, job] of waiting) if (job.thread === thread) end(id, job, () => job.reject(error))
  })
  return thread
}

function receive(message: HashAnswer): void {
  const job = waiting.get(message.id)
  if (job === undefined) return
  switch (message.kind) {
    case 'digests':
      return end(message.id, job, () => job.resolve(message.hex))
    case 'failed':
      return end(message.id, job, () => job.reject(Object.assign(new Error(message.why), { code: 'EIO' })))
    case 'dropped':
      return end(message.id, job, () => job.reject(new Error('the file was dropped')))
  }
}

function end(id: number, job: Waiting, settle: () => void): void {
  waiting.delete(id)
  settle()
  job.left()
  if (waiting.values().every(({ thread }) => thread !== job.thread)) job.thread.unref()
}
