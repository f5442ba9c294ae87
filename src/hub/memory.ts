import { createLru } from '../domain/lru.ts'
import { MIB } from '../domain/units.ts'

const MOST_BYTES = 4 * MIB
const MOST_ANSWERS = 500

/** What was said to a question: `absent` where there is nothing of that name. */
export type Said<T> = { readonly kind: 'list'; readonly list: T } | { readonly kind: 'absent' }

/** What was said to one question. That asking failed is not kept here: it must push no answer out. */
export interface Remembered<T> {
  readonly said: Said<T>
  /** When it was said. */
  readonly at: number
}

/** Answers by question, least recently used first out. They are lost with the process. */
export interface Memory<T> {
  get(question: string): Remembered<T> | undefined
  put(question: string, answer: Remembered<T>): void
}

interface Kept<T> {
  readonly answer: Remembered<T>
  readonly bytes: number
}

/** Holds at most 4 MiB and 500 answers. */
export function createMemory<T>(mostBytes = MOST_BYTES, mostAnswers = MOST_ANSWERS): Memory<T> {
  const kept = createLru<string, Kept<T>>({ mostBytes, most: mostAnswers, bytesOf: ({ bytes }) => bytes })
  return {
    get: (question) => kept.get(question)?.answer,
    put: (question, answer) => {
      // Two bytes a character, and what objects cost beside their text.
      const bytes = 4 * (question.length + JSON.stringify(answer).length)
      // One that is too large must not push all others out.
      if (bytes > mostBytes) kept.drop(question)
      else kept.put(question, { answer, bytes })
    },
  }
}
