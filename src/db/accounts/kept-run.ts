import { systemClock } from '../../domain/clock.ts'
import type { Db } from '../open.ts'
import { openReader } from '../reader.ts'

/** What took long to compute, as of a moment in milliseconds since the epoch. */
export interface Kept<T> {
  readonly value: T
  readonly asOf: number
}

/** A computation in steps. */
export interface Run<T> {
  readonly steps: Generator<void, T>
  /** `data_version` of the connection that asked. */
  readonly version: unknown
  readonly asOf: number
  /** As `performance.now()`. */
  readonly startedAt: number
  tookMs: number
  close(): void
}

/** On a connection of its own: its snapshot holds nobody else, and its tables take no memory afterwards. */
export function begin<T>(db: Db, compute: (db: Db) => Generator<void, T>): Run<T> {
  const startedAt = performance.now()
  const version = db.pragma('data_version', { simple: true })
  const asOf = systemClock()
  const reader = openReader(db.name)
  return { steps: compute(reader), version, asOf, startedAt, tookMs: 0, close: () => reader.close() }
}

/** Works for `sliceMs`; the value once it is through. Whatever happens, the connection is closed at the end. */
export function work<T>(run: Run<T>, sliceMs: number): Kept<T> | undefined {
  const began = performance.now()
  try {
    for (;;) {
      const step = run.steps.next()
      const spent = performance.now() - began
      if (step.done === true) {
        run.tookMs += spent
        run.close()
        return { value: step.value, asOf: run.asOf }
      }
      if (spent < sliceMs) continue
      run.tookMs += spent
      return undefined
    }
  } catch (error) {
    run.close()
    throw error
  }
}
