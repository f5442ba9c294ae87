import type { Clock } from '../domain/clock.ts'
import type { Log } from '../domain/log.ts'
import { formatBytes } from '../domain/units.ts'
import { bytesIn } from './disk.ts'
import type { Folders } from './folders.ts'
import { createMirror, type Mirror } from './mirror.ts'
import type { Program } from './program.ts'
import type { Budget } from './room.ts'
import type { Slots } from './slots.ts'
import type { MirrorState } from './state.ts'

/** A mirror as accounts see it. */
export interface MirrorAccount extends MirrorState {
  readonly uses: number
  /** Somebody reads it, or something is done to it. */
  readonly isBusy: boolean
}

/** The mirrors that are here, as far as this process owns them. */
export interface Shelf {
  /** False where they are somebody else's, or cannot be read. */
  isReady(): Promise<boolean>
  /** Also one that may not be served now. Nothing before `isReady` said yes. */
  get(name: string): Mirror | undefined
  add(state: MirrorState): Mirror
  all(): readonly Mirror[]
  /** It grew, or shrank: what it takes on disk now is counted. */
  measure(mirror: Mirror): Promise<void>
  /** Takes it out, whole: away at once, then off the disk. Returns the bytes that freed. */
  discard(mirror: Mirror, why: string): Promise<number>
}

export function createShelf(deps: {
  readonly folders: Folders
  readonly program: Program
  readonly questions: Slots
  readonly budget: Budget
  readonly isOwner: () => boolean
  readonly suspect: (name: string) => void
  readonly clock: Clock
  readonly log: Log
}): Shelf {
  const { folders, program, questions, budget, suspect, clock, log } = deps
  const mirrors = new Map<string, Mirror>()
  let loading: Promise<void> | undefined

  const put = (folder: string, state: MirrorState): Mirror => {
    const mirror = createMirror({ folder, state, program, questions, suspect, clock, log })
    mirrors.set(state.name, mirror)
    return mirror
  }

  const load = async (): Promise<void> => {
    for (const { folder, state } of await folders.load()) put(folder, state)
  }

  return {
    isReady: async () => {
      if (!deps.isOwner()) return false
      loading ??= load()
      try {
        await loading
        return true
      } catch (error) {
        loading = undefined
        log.warn({ event: 'git.load', err: error }, 'the mirrors of git cannot be read')
        return false
      }
    },
    get: (name) => mirrors.get(name),
    add: (state) => {
      budget.settle(state.bytes)
      return put(folders.of(state.name), state)
    },
    all: () => [...mirrors.values()],
    measure: async (mirror) => {
      const before = mirror.state.bytes
      // Taken out meanwhile, it counts as nothing already.
      if (mirrors.get(mirror.state.name) !== mirror) return
      const bytes = await bytesIn(mirror.folder)
      await mirror.note({ bytes }, 'now')
      budget.settle(bytes - before)
    },
    discard: async (mirror, why) => {
      const { name, bytes } = mirror.state
      if (mirrors.get(name) !== mirror) return 0
      mirrors.delete(name)
      try {
        await folders.remove(mirror.folder)
      } catch (error) {
        // It is still there, and counted.
        if (!mirrors.has(name)) mirrors.set(name, mirror)
        throw error
      }
      budget.settle(-bytes)
      log.info(
        { event: 'git.gone', name, bytes, why },
        `the mirror of ${name} is gone, ${formatBytes(bytes)}: ${why}`,
      )
      return bytes
    },
  }
}

export function accountOf({ state }: Mirror, isBusy: boolean): MirrorAccount {
  return { ...state, uses: state.uses ?? 0, isBusy }
}
