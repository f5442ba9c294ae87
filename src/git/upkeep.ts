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
  /** Looks a mirror through unless that was done a moment ago; one that does not have all that its refs lead to goes. */
  suspect(name: string): Promise<void>
  /** The same at once, with the bytes of all its objects. Rejects with the reason of the signal. */
  check(name: string, signal: AbortSignal): Promise<Checked>
}

/** unknown: git could not look. */
interface Looked {
  readonly state: 'sound' | 'damaged' | 'unknown'
  readonly said: string
}
type Checked = Looked['state'] | 'absent'

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

  const fsck = async ({ folder }: Mirror, how: readonly string[], stop: AbortSignal): Promise<Looked> => {
    const args = [`--git-dir=${folder}`, 'fsck', ...how, '--no-dangling', '--no-progress']
    const end = await program.run(args, { signal: stop }).catch(() => undefined)
    if (end === undefined || stop.aborted) return { state: 'unknown', said: '' }
    return { state: end.code === 0 ? 'sound' : 'damaged', said: end.said }
  }

  const judge = async (mirror: Mirror, how: readonly string[], stop: AbortSignal): Promise<Checked> => {
    const { name } = mirror.state
    const { state, said } = await fsck(mirror, how, stop)
    if (state !== 'damaged') return state
    log.warn({ event: 'git.damaged', name, said }, `the mirror of ${name} is damaged`)
    await shelf.discard(mirror, 'damaged')
    return state
  }

  const suspect: Upkeep['suspect'] = async (name) => {
    const mirror = shelf.get(name)
    if (mirror === undefined || signal.aborted) return
    if (clock() - (checked.get(mirror) ?? Number.NEGATIVE_INFINITY) < REST) return
    checked.set(mirror, clock())
    await flights.alone(name, () => judge(mirror, ['--connectivity-only'], signal))
  }

  const check: Upkeep['check'] = async (name, stop) => {
    stop.throwIfAborted()
    const first = shelf.get(name)
    if (first === undefined) return 'absent'
    // That takes minutes, during which nobody is made to wait; only what was found in peace counts as damage.
    if ((await fsck(first, [], stop)).state === 'sound') return 'sound'
    stop.throwIfAborted()
    return await flights.next(name, async () => {
      const mirror = shelf.get(name)
      const found = mirror === undefined ? 'absent' : await judge(mirror, [], stop)
      stop.throwIfAborted()
      return found
    })
  }
  return { keep, suspect, check }
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
