import { steadyClock } from '../../domain/clock.ts'
import type { Db } from '../open.ts'

/** The answer has to wait for numbers that are being computed behind; asked again after `ready`, it is there. */
export class NotYet extends Error {
  /** Rejects with what went wrong. */
  readonly ready: Promise<void>

  constructor(ready: Promise<void>) {
    super('the numbers are not there yet')
    this.ready = ready
  }
}

const patient = new WeakSet<Db>()
let asked = Number.POSITIVE_INFINITY

/** Questions on this connection throw `NotYet` from now on, where they would have to compute for long. */
export function becomePatient(db: Db): void {
  patient.add(db)
}

export function isPatient(db: Db): boolean {
  return patient.has(db)
}

/** When the question was asked that is being answered, as `steadyClock`: numbers begun since are of now. */
export function askedAt(): number {
  return asked
}

/** Answers a question, again and again while it has to wait: others are answered meanwhile. */
export async function answerPatiently<T>(answer: () => T): Promise<T> {
  const at = steadyClock()
  for (;;) {
    try {
      asked = at
      return answer()
    } catch (error) {
      if (!(error instanceof NotYet)) throw error
      await error.ready
    } finally {
      asked = Number.POSITIVE_INFINITY
    }
  }
}
