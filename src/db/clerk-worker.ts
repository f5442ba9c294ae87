import { parentPort, workerData } from 'node:worker_threads'
import { standBack } from './background.ts'
import type { Db } from './open.ts'
import { type Questions, questions } from './questions.ts'
import { openReader } from './reader.ts'

export interface Order {
  readonly id: number
  readonly question: keyof Questions
  readonly input: unknown
}

export interface Answer {
  readonly id: number
  readonly value?: unknown
  readonly error?: { readonly message: string; readonly name: string; readonly code: string | undefined }
}

// From clerk.ts, which starts this thread.
const { file } = workerData as { file: string }
let db: Db | undefined

standBack()

parentPort?.on('message', ({ id, question, input }: Order) => {
  let answer: Answer
  try {
    db ??= openReader(file)
    // The caller's types say that the input fits the question.
    const run = questions[question] as (db: Db, input: unknown) => unknown
    answer = { id, value: run(db, input) }
  } catch (error) {
    const { message, name, code } = error as NodeJS.ErrnoException
    answer = { id, error: { message, name, code } }
  }
  parentPort?.postMessage(answer)
})
