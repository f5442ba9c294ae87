import { MINUTE, SECOND, systemClock } from '../../domain/clock.ts'
import type { Db } from '../open.ts'
import { openReader } from '../reader.ts'

/** What took long to compute, as of a moment in milliseconds since the epoch. */
export interface Kept<T> {
  readonly value: T
  readonly asOf: number
}

/** Below that it is computed again whenever the index has changed. */
const AT_ONCE_MS = 50
/** Else it takes at most a twentieth of the time, */
const REST = 20
/** and is at most so old when somebody asks. */
const OLDEST_MS = 60 * SECOND
/** Milliseconds of work between two looks at other questions. */
const SLICE_MS = 15
const FORGET_AFTER_MS = 5 * MINUTE

interface State<T> {
  kept: Kept<T> | undefined
  /** `data_version` before it was computed: what was committed since is not in it. */
  version: unknown
  tookMs: number
  finishedAt: number
  isRunning: boolean
  forget: NodeJS.Timeout | undefined
}

/**
 * Remembers, for each connection, what `compute` makes of an index. Asked after a change, it answers with what it
 * has while that is young for the work it is, and computes anew behind the answer when not; `exact` waits for the
 * numbers of now. Forgets what nobody asked for in five minutes. Throws what `compute` throws.
 */
export function createKept<T>(compute: (db: Db) => Generator<void, T>): (db: Db, exact: boolean) => Kept<T> {
  const states = new WeakMap<Db, State<T>>()
  return (db, exact) => {
    const state = states.get(db) ?? newState<T>()
    states.set(db, state)
    clearTimeout(state.forget)
    state.forget = setTimeout(() => states.delete(db), FORGET_AFTER_MS).unref()
    const { kept } = state
    if (kept === undefined || (exact && isChanged(db, state))) return finish(start(db, compute), state)
    if (!isChanged(db, state)) return kept
    if (state.tookMs < AT_ONCE_MS) return finish(start(db, compute), state)
    const age = performance.now() - state.finishedAt
    if (age > Math.min(REST * state.tookMs, OLDEST_MS) && !state.isRunning) {
      state.isRunning = true
      setImmediate(() => runBehind(() => start(db, compute), state))
    }
    return kept
  }
}

function newState<T>(): State<T> {
  return {
    kept: undefined,
    version: undefined,
    tookMs: 0,
    finishedAt: 0,
    isRunning: false,
    forget: undefined,
  }
}

function versionOf(db: Db): unknown {
  return db.pragma('data_version', { simple: true })
}

function isChanged<T>(db: Db, state: State<T>): boolean {
  return versionOf(db) !== state.version
}

interface Run<T> {
  readonly steps: Generator<void, T>
  readonly version: unknown
  readonly asOf: number
  tookMs: number
  close(): void
}

/** On a connection of its own: its snapshot holds nobody else, and its tables take no memory afterwards. */
function start<T>(db: Db, compute: (db: Db) => Generator<void, T>): Run<T> {
  const version = versionOf(db)
  const asOf = systemClock()
  const reader = openReader(db.name)
  return { steps: compute(reader), version, asOf, tookMs: 0, close: () => reader.close() }
}

/** Works for `sliceMs`; the value once it is through. Whatever happens, the connection is closed at the end. */
function work<T>(run: Run<T>, sliceMs: number): Kept<T> | undefined {
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

function finish<T>(run: Run<T>, state: State<T>): Kept<T> {
  let kept: Kept<T> | undefined
  while (kept === undefined) kept = work(run, Number.POSITIVE_INFINITY)
  enter(run, state, kept)
  return kept
}

function enter<T>(run: Run<T>, state: State<T>, kept: Kept<T>): void {
  // A run behind may end after a later one that was waited for.
  if (state.kept !== undefined && state.kept.asOf > kept.asOf) return
  Object.assign(state, { kept, version: run.version, tookMs: run.tookMs, finishedAt: performance.now() })
}

/** A failure is not told: the next question that needs the numbers tries again. */
function runBehind<T>(begin: () => Run<T>, state: State<T>): void {
  try {
    const run = begin()
    const next = (): void => {
      try {
        const kept = work(run, SLICE_MS)
        if (kept === undefined) return void setImmediate(next)
        enter(run, state, kept)
      } catch {
        state.finishedAt = performance.now()
      }
      state.isRunning = false
    }
    next()
  } catch {
    state.isRunning = false
  }
}
