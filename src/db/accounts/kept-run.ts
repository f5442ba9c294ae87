import { steadyClock, systemClock } from '../../domain/clock.ts'
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
  /** As `steadyClock`. */
  readonly startedAt: number
  /** As `stopwatch()`. */
  tookMs: number
  close(): void
}

/** Of the time that passes, so much counts as work at least: a disk may be what works. */
const LEAST = 1 / 20

/**
 * Gives the milliseconds that this thread has worked since. How long something takes is told by that: what waits for its
 * turn on a busy machine is no long work.
 */
export function stopwatch(): () => number {
  const began = performance.now()
  const before = process.threadCpuUsage()
  return () => {
    const { user, system } = process.threadCpuUsage(before)
    return Math.max((user + system) / 1000, (performance.now() - began) * LEAST)
  }
}

/** On a connection of its own: its snapshot holds nobody else, and its tables take no memory afterwards. */
export function begin<T>(db: Db, compute: (db: Db) => Generator<void, T>): Run<T> {
  const startedAt = steadyClock()
  const version = db.pragma('data_version', { simple: true })
  const asOf = systemClock()
  const reader = openReader(db.name)
  return { steps: compute(reader), version, asOf, startedAt, tookMs: 0, close: () => reader.close() }
}

/** Works for `sliceMs`; the value once it is through. Whatever happens, the connection is closed at the end. */
export function work<T>(run: Run<T>, sliceMs: number): Kept<T> | undefined {
  const began = performance.now()
  const took = stopwatch()
  try {
    for (;;) {
      const step = run.steps.next()
      const spent = performance.now() - began
      if (step.done === true) {
        run.tookMs += took()
        run.close()
        return { value: step.value, asOf: run.asOf }
      }
      if (spent < sliceMs) continue
      run.tookMs += took()
      return undefined
    }
  } catch (error) {
    run.close()
    throw error
  }
}
