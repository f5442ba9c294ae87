import { MINUTE, SECOND } from '../../domain/clock.ts'
import type { Db } from '../open.ts'
import { begin, type Kept, type Run, work } from './kept-run.ts'
import { askedAt, isPatient, NotYet } from './patience.ts'

export type { Kept } from './kept-run.ts'

/** Work below that is done again whenever the index has changed. */
const AT_ONCE_MS = 50
/** Else it takes at most a twentieth of the time, but for what people do, */
const REST = 20
/** and is begun anew by whoever asks after so long. */
const OLDEST_MS = 60 * SECOND
/** Milliseconds of work between two looks at other questions. */
const SLICE_MS = 15
/** Nobody waits for more work than that to see what they just did. */
const LONG_MS = 2 * SECOND
const FORGET_AFTER_MS = 5 * MINUTE
/** What took longer is put on disk where it can be, */
const SAVED_MS = 1 * SECOND
/** at most so often. */
const SAVE_REST_MS = 10 * MINUTE

/**
 * true: the numbers of now; false: those that are there; else of that moment (as `systemClock`) or later. `since`, as
 * `steadyClock`, is the same where that is not long work.
 */
export type Need = boolean | number | { readonly since: number }

/** What lists must know that were asked for so. */
export function needOf({
  exact = false,
  since,
}: {
  readonly exact?: boolean
  readonly since?: number | undefined
}): Need {
  return exact || (since === undefined ? false : { since })
}

/** Where values outlive the process, and being forgotten. Nothing of it throws. */
export interface KeptFile<T> {
  exists(indexFile: string): boolean
  load(db: Db): (Kept<T> & { readonly tookMs: number }) | undefined
  save(db: Db, kept: Kept<T> & { readonly tookMs: number }): void
}

interface State<T> {
  kept: Kept<T> | undefined
  /** `data_version` before it was computed: what was committed since is not in it. */
  version: unknown
  /** As `steadyClock`. */
  startedAt: number
  /** As `stopwatch()`. */
  tookMs: number
  finishedAt: number
  savedAt: number
  isSaved: boolean
  /** Settles when the run behind does. */
  behind: Promise<void> | undefined
  forget: NodeJS.Timeout | undefined
}

/**
 * Remembers, for each connection, what `compute` makes of an index. Asked after a change, it answers with what it
 * has while that is young for the work it is, and computes anew behind the answer when not. Where it has nothing that is
 * good enough it computes, or throws `NotYet` on a connection that is patient; what was begun since the question always is.
 * Forgets what nobody asked for in five minutes. Throws what `compute` throws.
 */
export function createKept<T>(
  compute: (db: Db) => Generator<void, T>,
  file?: KeptFile<T>,
): (db: Db, need: Need) => Kept<T> {
  const states = new WeakMap<Db, State<T>>()
  const stateOf = (db: Db): State<T> => {
    const state = states.get(db) ?? newState(file?.load(db))
    states.set(db, state)
    clearTimeout(state.forget)
    const forget = (): void => {
      // Somebody may wait for what is on its way.
      if (state.behind !== undefined) return waitToForget()
      save(db, state, file)
      states.delete(db)
    }
    const waitToForget = (): void => {
      state.forget = setTimeout(forget, FORGET_AFTER_MS).unref()
    }
    waitToForget()
    return state
  }
  return (db, need) => {
    const state = stateOf(db)
    const { kept } = state
    // What was begun since the question is new enough for it, whatever was written meanwhile.
    const isNow = versionOf(db) === state.version || state.startedAt >= askedAt()
    if (kept !== undefined && isNow) return kept
    if (kept === undefined || state.tookMs < AT_ONCE_MS || !isEnough(kept, state, need))
      return obtain({ db, state, compute, file })
    const age = performance.now() - state.finishedAt
    if (age > Math.min(REST * state.tookMs, OLDEST_MS) && state.behind === undefined)
      goOn({ db, state, compute, file }, () => begin(db, compute))
    return kept
  }
}

function newState<T>(saved: (Kept<T> & { readonly tookMs: number }) | undefined): State<T> {
  return {
    kept: saved,
    version: undefined,
    startedAt: Number.NEGATIVE_INFINITY,
    tookMs: saved?.tookMs ?? 0,
    finishedAt: Number.NEGATIVE_INFINITY,
    savedAt: Number.NEGATIVE_INFINITY,
    isSaved: saved !== undefined,
    behind: undefined,
    forget: undefined,
  }
}

function versionOf(db: Db): unknown {
  return db.pragma('data_version', { simple: true })
}

function isEnough<T>({ asOf }: Kept<T>, { startedAt, tookMs }: State<T>, need: Need): boolean {
  if (typeof need === 'boolean') return !need
  if (typeof need === 'number') return asOf >= need
  return startedAt >= need.since || tookMs > LONG_MS
}

interface Work<T> {
  readonly db: Db
  readonly state: State<T>
  readonly compute: (db: Db) => Generator<void, T>
  readonly file: KeptFile<T> | undefined
}

function obtain<T>(job: Work<T>): Kept<T> {
  const { db, state, compute } = job
  if (state.behind === undefined || !isPatient(db)) {
    const run = begin(db, compute)
    const kept = work(run, isPatient(db) ? AT_ONCE_MS : Number.POSITIVE_INFINITY)
    if (kept !== undefined) return enter(job, run, kept)
    goOn(job, () => run)
  }
  throw new NotYet(state.behind ?? Promise.resolve())
}

function enter<T>({ db, state, file }: Work<T>, run: Run<T>, kept: Kept<T>): Kept<T> {
  // A run behind may end after a later one that was waited for.
  if (state.startedAt <= run.startedAt) {
    const { version, tookMs, startedAt } = run
    Object.assign(state, { kept, version, tookMs, startedAt, finishedAt: performance.now(), isSaved: false })
    if (performance.now() - state.savedAt > SAVE_REST_MS) save(db, state, file)
  }
  return kept
}

function save<T>(db: Db, state: State<T>, file: KeptFile<T> | undefined): void {
  const { kept, tookMs, isSaved } = state
  if (file === undefined || kept === undefined || isSaved || tookMs < SAVED_MS || !db.open) return
  state.isSaved = true
  state.savedAt = performance.now()
  file.save(db, { ...kept, tookMs })
}

/** A failure is told to whom it keeps waiting: the next question that needs the numbers tries again. */
function goOn<T>(job: Work<T>, start: () => Run<T>): void {
  const { state } = job
  const behind = runBehind(job, start).finally(() => {
    state.finishedAt = performance.now()
    state.behind = undefined
  })
  behind.catch(() => undefined)
  state.behind = behind
}

function runBehind<T>(job: Work<T>, start: () => Run<T>): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let run: Run<T> | undefined
  const next = (): void => {
    try {
      run ??= start()
      const kept = work(run, SLICE_MS)
      if (kept === undefined) return void setImmediate(next)
      enter(job, run, kept)
      resolve()
    } catch (error) {
      reject(error)
    }
  }
  setImmediate(next)
  return promise
}
