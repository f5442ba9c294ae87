import { Worker } from 'node:worker_threads'
import { lacksLists } from './accounts/lists.ts'
import type { Answer, Order, Role } from './clerk-worker.ts'
import type { Questions } from './questions.ts'

type Name = keyof Questions
export type Ask<N extends Name> = Parameters<Questions[N]>[1]
export type Reply<N extends Name> = ReturnType<Questions[N]>

/** Long questions to the index, answered on a thread with a connection of its own, so that no request waits for them. */
export interface Clerk {
  /** Rejects with what the question threw, and with an error when the clerk was closed. */
  ask<N extends Name>(question: N, input: Ask<N>): Promise<Reply<N>>
  /** Begins with what people would wait for, where it was not kept from before. */
  warm(): void
  /** Settles when the thread has ended; its connection is closed then. */
  close(): Promise<void>
}

type Thread = Omit<Clerk, 'warm'>

interface Waiting {
  resolve(value: unknown): void
  reject(error: unknown): void
}

/** What nobody looks at a screen for takes seconds, and others would wait for it. */
const LONG: ReadonlySet<Name> = new Set<Name>([
  'strays',
  'plan',
  'asPlanned',
  'pinned',
  'coldestOf',
  'holdings',
  'bytes',
])

/** One thread for what people ask, one behind all others for long work; each starts with its first question. */
export function createClerk(file: string): Clerk {
  const people = createThread(file, 'people')
  const work = createThread(file, 'work')
  return {
    ask: (question, input) => (LONG.has(question) ? work : people).ask(question, input),
    warm: () => {
      // Whatever it is asked, the thread begins with the lists.
      if (lacksLists(file)) people.ask('above', { digests: [] }).catch(() => undefined)
    },
    close: async () => {
      await Promise.all([people.close(), work.close()])
    },
  }
}

function createThread(file: string, role: Role): Thread {
  let worker: Worker | undefined
  let loaded: Promise<void> | undefined
  let closed = false
  let nextId = 0
  const waiting = new Map<number, Waiting>()

  const fail = (error: Error): void => {
    worker = undefined
    for (const job of waiting.values()) job.reject(error)
    waiting.clear()
  }
  const start = (): Worker => {
    const thread = new Worker(new URL('./clerk-worker.ts', import.meta.url), {
      name: `clerk for ${role}`,
      workerData: { file, role },
      resourceLimits: { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 512 },
    })
    loaded = firstWord(thread)
    thread.on('message', ({ id, value, error }: Answer) => {
      const job = waiting.get(id)
      if (job === undefined) return
      waiting.delete(id)
      if (waiting.size === 0) thread.unref()
      if (error === undefined) job.resolve(value)
      else job.reject(toError(error))
    })
    thread.on('error', fail)
    return thread
  }

  return {
    ask: (question, input) => {
      if (closed) return Promise.reject(new Error('the index is closed'))
      worker ??= start()
      worker.ref()
      const id = nextId++
      const { promise, resolve, reject } = Promise.withResolvers<unknown>()
      waiting.set(id, { resolve, reject })
      worker.postMessage({ id, question, input } satisfies Order)
      // The worker answers with what the question of that name returns.
      return promise as ReturnType<Clerk['ask']> as never
    },
    close: async () => {
      closed = true
      const thread = worker
      thread?.ref()
      await loaded
      await thread?.terminate()
      fail(new Error('the index is closed'))
    },
  }
}

/**
 * Settles when the thread has loaded SQLite, or ended by itself. One that is ended in the midst of loading takes the
 * whole process along: the module cannot make its classes then, and gives up with `FATAL ERROR`.
 */
function firstWord(thread: Worker): Promise<void> {
  return new Promise((resolve) => {
    thread.once('message', () => resolve())
    thread.once('exit', () => resolve())
  })
}

/** An error of the other thread, as far as anybody here tells errors apart. */
function toError({ message, name, code }: NonNullable<Answer['error']>): Error {
  const error = name === 'RangeError' ? new RangeError(message) : new Error(message)
  return Object.assign(error, { code })
}
