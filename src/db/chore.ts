import { Worker } from 'node:worker_threads'
import type { Done, Errand } from './chore-worker.ts'
import type { Chores } from './chores.ts'

/** A thread that does one chore after the other. */
interface Hand {
  readonly thread: Worker
  /** How the chore ended that it does; undefined while it rests. */
  ended: ((done: Done) => void) | undefined
  /** Ends it. */
  dismissal: NodeJS.Timeout | undefined
}

/**
 * Milliseconds that a thread waits for its next chore. Starting one takes milliseconds from whoever answers requests,
 * and while much is written there is a checkpoint every second or so.
 */
const REST_MS = 10_000

const resting: Hand[] = []

/** Does a chore on a thread, so that no request waits for it. Rejects with the message and code of what it threw. */
export function runChore<N extends keyof Chores>(
  chore: N,
  input: Parameters<Chores[N]>[0],
): Promise<ReturnType<Chores[N]>> {
  const hand = resting.pop() ?? hire()
  clearTimeout(hand.dismissal)
  hand.thread.ref()
  return new Promise((resolve, reject) => {
    hand.ended = ({ value, error }) => {
      // The thread answers with what the chore of that name returns.
      if (error === undefined) resolve(value as ReturnType<Chores[N]>)
      else reject(Object.assign(new Error(error.message), { code: error.code }))
    }
    hand.thread.postMessage({ chore, input } satisfies Errand)
  })
}

function hire(): Hand {
  const thread = new Worker(new URL('./chore-worker.ts', import.meta.url), {
    name: 'chores',
    resourceLimits: { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 256 },
  })
  const hand: Hand = { thread, ended: undefined, dismissal: undefined }
  thread.on('message', (done: Done) => {
    hand.ended?.(done)
    rest(hand)
  })
  thread.on('error', (error: NodeJS.ErrnoException) => lose(hand, error))
  thread.on('exit', () => lose(hand, new Error('the thread of a chore ended early')))
  return hand
}

/** It keeps the process alive only while it does something. */
function rest(hand: Hand): void {
  hand.ended = undefined
  hand.thread.unref()
  hand.dismissal = setTimeout(() => {
    lose(hand, undefined)
    void hand.thread.terminate()
  }, REST_MS)
  hand.dismissal.unref()
  resting.push(hand)
}

function lose(hand: Hand, error: NodeJS.ErrnoException | undefined): void {
  clearTimeout(hand.dismissal)
  const at = resting.indexOf(hand)
  if (at >= 0) resting.splice(at, 1)
  if (error !== undefined) hand.ended?.({ error: { message: error.message, code: error.code } })
}
