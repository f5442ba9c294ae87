import { type Clock, DAY } from '../domain/clock.ts'
import type { Log } from '../domain/log.ts'
import { bytesIn } from './disk.ts'
import { FetchFailed, runFetch } from './fetching.ts'
import type { Folders } from './folders.ts'
import type { Mirror } from './mirror.ts'
import type { Program } from './program.ts'
import { isBranch } from './refs.ts'
import type { Relay } from './relay.ts'
import { type Budget, NoRoom } from './room.ts'
import type { Shelf } from './shelf.ts'
import type { Source } from './source.ts'
import { writeState } from './state.ts'

/** Makes mirrors and brings them up to date. One at a time for each: its callers see to that. */
export interface Bringing {
  /** The mirror as it is then; undefined where it cannot be kept. `head`: the branch that HEAD stands for. */
  bring(source: Source, head: string | undefined): Promise<Mirror | undefined>
  /** Adds single objects that no branch or tag leads to; returns how many came. */
  add(source: Source, oids: readonly string[]): Promise<number>
  /** It turned out too large lately, and is not tried again yet. */
  isResting(name: string): boolean
}

/** How long what turned out too large is not tried again. */
const REST = DAY

export function createBringing(deps: {
  readonly folders: Folders
  readonly program: Program
  readonly relay: Relay
  readonly budget: Budget
  readonly shelf: Shelf
  /** Bytes; 0 = no limit. */
  readonly maxMirror: () => number
  /** Something in it could not be read. */
  readonly suspect: (name: string) => void
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly log: Log
}): Bringing {
  const { folders, program, shelf, maxMirror, signal, clock, log } = deps
  const resting = new Map<string, number>()

  const make = async (source: Source): Promise<Mirror> => {
    const folder = await folders.create()
    try {
      await runFetch(deps, { source, folder, most: maxMirror(), signal })
      const now = clock()
      const first = { name: source.name, createdAt: now, usedAt: now, confirmedAt: now, bytes: 0 }
      // What is written down of it takes room, too.
      await writeState(folder, first)
      const state = { ...first, bytes: await bytesIn(folder) }
      await writeState(folder, state)
      await folders.place(folder, source.name)
      return shelf.add(state)
    } catch (error) {
      await folders.remove(folder)
      throw error
    }
  }

  const renew = async (source: Source, mirror: Mirror, objects?: readonly string[]): Promise<Mirror> => {
    const max = maxMirror()
    const most = max === 0 ? 0 : Math.max(1, max - mirror.state.bytes)
    const { folder } = mirror
    try {
      await runFetch(deps, { source, folder, most, signal, ...(objects === undefined ? {} : { objects }) })
      return mirror
    } finally {
      await shelf.measure(mirror)
    }
  }

  const setHead = async ({ folder }: Mirror, head: string | undefined): Promise<void> => {
    if (head !== undefined && isBranch(head))
      await program.run([`--git-dir=${folder}`, 'symbolic-ref', 'HEAD', head], { signal })
  }

  const cope = async (name: string, error: unknown): Promise<void> => {
    if (signal.aborted) return
    log.warn({ event: 'git.fetch', name, err: error }, `${name} could not be mirrored`)
    if (error instanceof FetchFailed) deps.suspect(name)
    if (!(error instanceof NoRoom) || error.why !== 'too_large') return
    resting.set(name, clock() + REST)
    const mirror = shelf.get(name)
    // It would only grow old.
    if (mirror === undefined) return
    await shelf.discard(mirror, error.message).catch((err: unknown) => {
      log.warn({ event: 'git.fetch', name, err }, 'a mirror cannot be taken away')
    })
  }

  return {
    bring: async (source, head) => {
      const { name } = source
      const old = shelf.get(name)
      try {
        const mirror = old === undefined ? await make(source) : await renew(source, old)
        await setHead(mirror, head)
        log.info({ event: 'git.mirror', name, bytes: mirror.state.bytes }, `mirrored ${name}`)
        return mirror
      } catch (error) {
        await cope(name, error)
        return shelf.get(name)
      }
    },
    add: async (source, oids) => {
      const mirror = shelf.get(source.name)
      // Who came before may have brought them.
      const lacking = (await mirror?.missing(oids)) ?? []
      if (mirror === undefined || lacking.length === 0) return 0
      try {
        await renew(source, mirror, lacking)
        return lacking.length
      } catch (error) {
        log.debug(
          { event: 'git.objects', name: source.name, err: error },
          'objects could not be fetched alone',
        )
        return 0
      }
    },
    isResting: (name) => (resting.get(name) ?? 0) > clock(),
  }
}
