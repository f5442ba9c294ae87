import { toAppError } from '../../domain/errors.ts'
import { Leave, STOPPED, whyOfError } from './leave.ts'
import type { ListedName } from './names.ts'
import type { PrefetchWhy } from './report.ts'
import type { Tally } from './tally.ts'

/** How far a run may still go: of one upstream, or at all. */
export interface Course {
  /**
   * Does the work for one image; where it cannot be done, or must not be any more, the image is counted as left or failed.
   * Rejects only with what nobody expects.
   */
  attempt(listed: ListedName, work: () => Promise<void>): Promise<void>
}

export function createCourse(tally: Pick<Tally, 'begin' | 'leave' | 'fail'>, signal: AbortSignal): Course {
  /** Why nothing more is done: by upstream, "" for all of them. */
  const closed = new Map<string, PrefetchWhy>()
  /** Images one after the other that came and did not stay: one may have lost a race, two mean that the disk is full. */
  let lost = 0

  const end = (name: string, ends: string, why: PrefetchWhy): void => {
    closed.set(ends, why)
    tally.leave(name, why)
  }

  const fault = ({ name, upstream }: ListedName, error: unknown): void => {
    if (signal.aborted) return tally.leave(name, STOPPED)
    if (error instanceof Leave)
      return error.ends === undefined ? tally.leave(name, error.why) : end(name, error.ends, error.why)
    const known = toAppError(error)
    if (known.code === 'internal') throw error
    const why = whyOfError(known)
    if (known.why?.id === 'not_kept') lost++
    if (lost > 1) end(name, '', why)
    else if (known.code === 'upstream_rate_limited') end(name, upstream, why)
    else tally.fail(name, why)
  }

  return {
    attempt: async (listed, work) => {
      tally.begin(listed.name)
      const why = signal.aborted ? STOPPED : (closed.get('') ?? closed.get(listed.upstream))
      if (why !== undefined) return tally.leave(listed.name, why)
      const before = lost
      try {
        await work()
      } catch (error) {
        fault(listed, error)
      }
      if (lost === before) lost = 0
    },
  }
}
