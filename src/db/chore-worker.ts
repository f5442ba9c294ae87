import { parentPort, workerData } from 'node:worker_threads'
import { standBack } from './background.ts'
import { type Chores, chores } from './chores.ts'

export interface Errand {
  readonly chore: keyof Chores
  readonly input: unknown
}

export interface Done {
  readonly value?: unknown
  readonly error?: { readonly message: string; readonly code: string | undefined }
}

standBack('far')

// From chore.ts, which starts this thread; its types say that the input fits the chore.
const { chore, input } = workerData as Errand
const run = chores[chore] as (input: unknown) => unknown

let done: Done
try {
  done = { value: run(input) }
} catch (error) {
  const { message, code } = error as NodeJS.ErrnoException
  done = { error: { message, code } }
}
parentPort?.postMessage(done)
