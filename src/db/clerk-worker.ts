import { readlinkSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { standBack } from '../domain/background.ts'
import { warmLists } from './accounts/lists.ts'
import { answerPatiently, becomePatient } from './accounts/patience.ts'
import { type Db, loadSqlite } from './open.ts'
import { type Questions, questions } from './questions.ts'
import { openReader } from './reader.ts'

export type Role = 'people' | 'work'

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
const { file, role } = workerData as { file: string; role: Role }
let db: Db | undefined

// Its first word, which answers nobody: from here on it may be ended at any moment, so it comes before standing back.
loadSqlite()
parentPort?.postMessage({ id: -1 } satisfies Answer)

// Behind all others it would get nothing on a busy machine, and people wait for it.
standBack(role === 'people' ? 'a little' : 'far', readlinkSync)

parentPort?.on('message', (order: Order) => void answerOrder(order))

async function answerOrder({ id, question, input }: Order): Promise<void> {
  let answer: Answer
  try {
    const reader = (db ??= open())
    // The caller's types say that the input fits the question.
    const run = questions[question] as (db: Db, input: unknown) => unknown
    answer = { id, value: await answerPatiently(() => run(reader, input)) }
  } catch (error) {
    const { message, name, code } = error as NodeJS.ErrnoException
    answer = { id, error: { message, name, code } }
  }
  parentPort?.postMessage(answer)
}

function open(): Db {
  const reader = openReader(file)
  becomePatient(reader)
  if (role === 'people') setImmediate(() => warmLists(reader))
  return reader
}
