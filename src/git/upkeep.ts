import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, MINUTE } from '../domain/clock.ts'
import type { Log } from '../domain/log.ts'
import { MIB } from '../domain/units.ts'
import type { MirrorFlights } from './flights.ts'
import type { Mirror } from './mirror.ts'
import type { Program } from './program.ts'
import type { Budget } from './room.ts'
import type { Shelf } from './shelf.ts'

export interface Upkeep {
  /**
   * Keeps a mirror quick: refs in one file, packs few, and for larger ones the lists that spare a clone from walking the
   * whole history. Nothing is thrown away.
   */
  keep(name: string): Promise<void>
  /** Looks a mirror through; one that does not have all that its refs lead to goes. */
  check(name: string): Promise<void>
}

const MOST_PACKS = 12
const MUCH = 8 * MIB
const REST = 10 * MINUTE

export function createUpkeep(deps: {
  readonly program: Program
  readonly shelf: Shelf
  readonly flights: MirrorFlights
  readonly budget: Budget
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly log: Log
}): Upkeep {
  const { program, shelf, flights, budget, signal, clock, log } = deps
  /** When each was looked through last: what clients can bring about costs minutes of a processor. */
  const checked = new WeakMap<Mirror, number>()

  const keep: Upkeep['keep'] = async (name) => {
    const mirror = shelf.get(name)
    if (mirror === undefined || mirror.isRead() || signal.aborted) return
    await flights.alone(name, async () => {
      const { folder, state } = mirror
      if (!(await isDue(folder, state.bytes))) return
      const reservation = await budget.reserve(state.bytes)
      if (reservation === undefined) return
      try {
        await tidyUp(program, folder, signal)
        await shelf.measure(mirror)
      } catch (error) {
        if (!signal.aborted) log.warn({ event: 'git.upkeep', name, err: error }, 'a mirror stays as it is')
      } finally {
        reservation.release()
      }
    })
  }

  const check: Upkeep['check'] = async (name) => {
    const mirror = shelf.get(name)
    if (mirror === undefined || signal.aborted) return
    if (clock() - (checked.get(mirror) ?? Number.NEGATIVE_INFINITY) < REST) return
    checked.set(mirror, clock())
    await flights.alone(name, async () => {
      const args = ['fsck', '--connectivity-only', '--no-dangling', '--no-progress']
      const end = await program
        .run([`--git-dir=${mirror.folder}`, ...args], { signal })
        .catch(() => undefined)
      if (end === undefined || end.code === 0 || signal.aborted) return
      log.warn({ event: 'git.damaged', name, said: end.said }, `the mirror of ${name} is damaged`)
      await shelf.discard(mirror, 'damaged')
    })
  }
  return { keep, check }
}

async function isDue(folder: string, bytes: number): Promise<boolean> {
  const names = await readdir(join(folder, 'objects', 'pack')).catch(() => [])
  const packs = names.filter((name) => name.endsWith('.pack')).length
  const isListed = names.some((name) => name.endsWith('.bitmap'))
  return packs > MOST_PACKS || (bytes > MUCH && !isListed)
}

/** A git that knows less than this says so, and that is all right. */
async function tidyUp(program: Program, folder: string, signal: AbortSignal): Promise<void> {
  const at = `--git-dir=${folder}`
  const repack = ['repack', '-d', '-q', '--geometric=2', '--write-midx', '--write-bitmap-index']
  for (const args of [
    ['pack-refs', '--all'],
    repack,
    ['commit-graph', 'write', '--reachable', '--no-progress'],
  ])
    await program.run([at, ...args], { signal })
}
