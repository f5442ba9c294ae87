import { readlinkSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { standBack } from '../domain/background.ts'
import { type Chores, chores } from './chores.ts'

export interface Errand {
  readonly chore: keyof Chores
  readonly input: unknown
}

export interface Done {
  readonly value?: unknown
  readonly error?: { readonly message: string; readonly code: string | undefined }
}

standBack('far', readlinkSync)

parentPort?.on('message', (errand: Errand) => parentPort?.postMessage(doneOf(errand)))

function doneOf({ chore, input }: Errand): Done {
  // The types of chore.ts, which sends it, say that the input fits the chore.
  const run = chores[chore] as (input: unknown) => unknown
  try {
    return { value: run(input) }
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException
    return { error: { message, code } }
  }
}
