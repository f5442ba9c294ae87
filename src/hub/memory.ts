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
  const kept = new Map<string, Kept<T>>()
  let used = 0
  const drop = (question: string): void => {
    used -= kept.get(question)?.bytes ?? 0
    kept.delete(question)
  }
  return {
    get: (question) => {
      const found = kept.get(question)
      if (found === undefined) return undefined
      kept.delete(question)
      kept.set(question, found)
      return found.answer
    },
    put: (question, answer) => {
      drop(question)
      // Two bytes a character, and what objects cost beside their text.
      const bytes = 4 * (question.length + JSON.stringify(answer).length)
      if (bytes > mostBytes) return
      kept.set(question, { answer, bytes })
      used += bytes
      for (const oldest of kept.keys()) {
        if (used <= mostBytes && kept.size <= mostAnswers) break
        drop(oldest)
      }
    },
  }
}
