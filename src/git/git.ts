import { type Clock, MINUTE, SECOND } from '../domain/clock.ts'
import type { Log } from '../domain/log.ts'
import type { OriginClient } from '../upstream/origin.ts'
import { type Bodies, createBodies } from './body.ts'
import { type Branches, createBranches } from './branches.ts'
import { createGate, type Gate } from './gate.ts'
import { askBatch, type LargeFile, type Offered } from './lfs.ts'
import { createMirrors, type Mirrors } from './mirrors.ts'
import { createRemote, type Remote } from './remote.ts'
import type { Budget } from './room.ts'
import { createSlots, type Slots } from './slots.ts'
import type { Source } from './source.ts'

/** What may change while it runs. */
export interface GitEngineSettings {
  /** The git program. */
  readonly git: string
  /** Bytes; 0 = no limit. */
  readonly maxMirror: number
  /** Milliseconds that lists of branches may be old. */
  readonly refsWindow: number
  /** Milliseconds that a "no" of a server counts. */
  readonly negativeTtl: number
}

/** Everything about repositories of git that is no protocol of clients. */
export interface Git {
  readonly mirrors: Mirrors
  readonly remote: Remote
  readonly gate: Gate
  readonly branches: Branches
  readonly bodies: Bodies
  /** Where large files are, as their server says. Rejects with AppError. */
  batch(source: Source, files: readonly LargeFile[]): Promise<readonly Offered[]>
  /** Packs that are made here at one time. */
  readonly packs: Slots
  /** Lists of branches that are made here at one time: apart from packs, which may take long. */
  readonly lists: Slots
  close(): Promise<void>
}

export interface GitDeps {
  /** data/git and data/trash */
  readonly root: string
  readonly trash: string
  readonly client: OriginClient
  readonly isOwner: () => boolean
  readonly budget: Budget
  readonly settings: () => GitEngineSettings
  readonly clock: Clock
  readonly log: Log
  /** Milliseconds that somebody waits for a place among `packs`. */
  readonly patience?: number
}

/** A yes is worth that long: the requests of one clone follow each other within it. */
const GATE_TTL = MINUTE
const MOST_PACKS = 24
const MOST_LISTS = 16
/** Runs of git that no client reads from. */
const MOST_QUESTIONS = 16
const PACK_PATIENCE = 20 * SECOND

/** Opens nothing and starts nothing before it is asked. */
export function createGit(deps: GitDeps): Git {
  const { client, settings, clock } = deps
  const remote = createRemote(client)
  const mirrors = createMirrors({
    ...deps,
    questions: createSlots(MOST_QUESTIONS, PACK_PATIENCE),
    program: () => settings().git,
    maxMirror: () => settings().maxMirror,
  })
  return {
    mirrors,
    remote,
    gate: createGate(remote, { clock, ttl: GATE_TTL, negativeTtl: () => settings().negativeTtl }),
    branches: createBranches(remote, { clock, window: () => settings().refsWindow }),
    bodies: createBodies(),
    batch: (source, files) => askBatch(client, source, files),
    packs: createSlots(MOST_PACKS, deps.patience ?? PACK_PATIENCE),
    lists: createSlots(MOST_LISTS, PACK_PATIENCE),
    close: () => mirrors.close(),
  }
}
