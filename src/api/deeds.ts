import { systemClock } from '../domain/clock.ts'
import type { ApiDeps } from './deps.ts'

type Deps = Pick<ApiDeps, 'index' | 'describe'>

const deeds = new WeakMap<ApiDeps['index'], number>()

/** Does what somebody will look for in the next list: lists know of it then, unless they take long to make. Rejects as `work` does. */
export async function asDeed<T>({ index, describe }: Deps, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } finally {
    await describe()
    deeds.set(index, systemClock() + 1)
  }
}

/** When the last deed ended, as `systemClock`, by which the age of lists is told, too; 0: there was none since the start. */
export function lastDeed({ index }: Pick<Deps, 'index'>): number {
  const at = deeds.get(index) ?? 0
  // A clock that was put back would have lists made anew until it is there again.
  return at > systemClock() + 1 ? 0 : at
}
