import { steadyClock } from '../domain/clock.ts'

/** Of the console's parts. */
interface Deps {
  readonly index: object
  /** What landed lately is told in lists as soon as it is described. */
  readonly describe: () => Promise<void>
}

/** By the index they are about. */
const deeds = new WeakMap<object, number>()

/**
 * Does what somebody will look for in the next list: lists know of it then, unless they take long to make. Evictions are
 * none: every page leaves out what went. Rejects as `work` does.
 */
export async function asDeed<T>(deps: Deps, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } finally {
    noteDeed(deps)
    // Where it fails it is tried again when a list is opened.
    await deps.describe().then(
      () => noteDeed(deps),
      () => undefined,
    )
  }
}

/** Somebody did what they will look for in the next list. */
export function noteDeed({ index }: Pick<Deps, 'index'>): void {
  deeds.set(index, steadyClock())
}

/** When the last deed ended, as `steadyClock`; undefined: there was none since the start. */
export function lastDeed({ index }: Pick<Deps, 'index'>): number | undefined {
  return deeds.get(index)
}
