import { type Clock, MINUTE } from '../domain/clock.ts'
import { AppError } from '../domain/errors.ts'
import type { Log } from '../domain/log.ts'
import type { GitEnd, GitProcess, Program, RunOptions } from './program.ts'
import type { Known } from './refs.ts'
import type { Slots } from './slots.ts'
import { type MirrorState, writeState } from './state.ts'

/** A bare copy of one repository. */
export interface Mirror {
  readonly folder: string
  readonly state: MirrorState
  /** Those of these objects that are not here. */
  missing(oids: readonly string[]): Promise<readonly string[]>
  /** What its refs are here. */
  known(): Promise<Known>
  /** Starts git-upload-pack on it; it counts as read until that ended. */
  uploadPack(options: { readonly protocol: string | undefined; readonly advertise: boolean }): GitProcess
  /** Somebody reads it. */
  isRead(): boolean
  /** It was used, or confirmed, or grew; written down at most once a minute, `now` at once. Never rejects. */
  note(changes: Partial<MirrorState>, when?: 'now' | 'later'): Promise<void>
}

export interface MirrorDeps {
  readonly folder: string
  readonly state: MirrorState
  readonly program: Program
  /** Short runs of git at one time: each client can ask for as many as it has connections. */
  readonly questions: Slots
  /** Something in it could not be read. */
  readonly suspect: (name: string) => void
  readonly clock: Clock
  readonly log: Log
}

export function createMirror(deps: MirrorDeps): Mirror {
  const { folder, state: initial, program, questions, suspect, clock, log } = deps
  let state = initial
  let writtenAt = clock()
  let readers = 0
  const at = `--git-dir=${folder}`

  const ask = async (args: readonly string[], options?: RunOptions): Promise<GitEnd> => {
    const leave = await questions.take()
    try {
      return await program.run([at, ...args], options)
    } finally {
      leave()
    }
  }

  const missing: Mirror['missing'] = async (oids) => {
    if (oids.length === 0) return []
    const input = `${oids.join('\n')}\n`
    const { code, out, said } = await ask(['cat-file', '--batch-check', '--buffer'], { input })
    // Objects that are here but cannot be read count as missing.
    if (said !== '') suspect(state.name)
    if (code !== 0) return oids
    return out
      .toString('latin1')
      .split('\n')
      .filter((line) => line.endsWith(' missing'))
      .map((line) => line.slice(0, -' missing'.length))
  }

  const known: Mirror['known'] = async () => {
    const list = ['for-each-ref', '--format=%(objectname) %(refname)', 'refs/heads/', 'refs/tags/']
    const [refs, head] = await Promise.all([ask(list), ask(['symbolic-ref', '-q', 'HEAD'])])
    if (refs.code !== 0) throw damaged(refs.said)
    const lines = refs.out.toString('utf8').split('\n')
    const pairs = lines
      .filter((line) => line !== '')
      .map((line) => [line.slice(41), line.slice(0, 40)] as const)
    return { refs: new Map(pairs), head: head.out.toString('utf8').trim() || undefined }
  }

  const uploadPack: Mirror['uploadPack'] = ({ protocol, advertise }) => {
    const options = advertise ? ['--http-backend-info-refs'] : []
    const run = program.start(['upload-pack', '--stateless-rpc', ...options, folder], { protocol })
    readers++
    const leave = (): void => void readers--
    run.ended.then(leave, leave)
    return run
  }

  const note: Mirror['note'] = async (changes, when = 'later') => {
    const uses = (state.uses ?? 0) + (changes.usedAt === undefined ? 0 : 1)
    state = { ...state, ...changes, uses }
    const now = clock()
    if (when === 'later' && Math.abs(now - writtenAt) < MINUTE) return
    writtenAt = now
    await writeState(folder, state).catch((error: NodeJS.ErrnoException) => {
      // One that left meanwhile has nothing to be written to. A disk that is full costs nobody a clone.
      if (error.code !== 'ENOENT')
        log.warn(
          { event: 'git.note', name: state.name, err: error },
          'the use of a mirror is not written down',
        )
    })
  }

  return {
    folder,
    get state() {
      return state
    },
    missing,
    known,
    uploadPack,
    isRead: () => readers > 0,
    note,
  }
}

function damaged(said: string): AppError {
  return new AppError('internal', { message: 'a mirror cannot be read', cause: new Error(said) })
}
