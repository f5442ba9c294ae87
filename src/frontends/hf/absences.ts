import type { Cache } from '../../cache/cache.ts'
import { AppError } from '../../domain/errors.ts'
import type { EntryKey } from '../../domain/names.ts'
import type { Exchange } from '../front-end.ts'
import type { Keeper } from '../keeper.ts'
import { codeTold, lacking } from './errors.ts'
import type { Repo } from './name.ts'
import { absenceKey } from './wants.ts'

/** A file that a commit may have. */
export interface Place {
  readonly repo: Repo
  readonly commit: string
  readonly path: string
  readonly isKept: boolean
}

/**
 * What commits do not have, for good. Clients look for many files that few repositories have, and take every other
 * answer than "no such file" for a failure: also while the hub is down.
 */
export interface Absences {
  /** Throws where it is known that the commit has no such file. `key`: of the file, which may be here after all. */
  confirm(place: Place, key: EntryKey, exchange: Exchange): Promise<void>
  /** Notes where the work learns from the hub that there is none. */
  noting<T>(place: Place, work: Promise<T>): Promise<T>
}

/** All of them are the same text, so they take one file. */
const NOTE = 'EntryNotFound\n'

export function createAbsences(cache: Pick<Cache, 'source'>, keeper: Keeper): Absences {
  return {
    confirm: async (place, key, { notes }) => {
      const { repo, commit, path } = place
      if (!place.isKept || cache.source(key) !== undefined) return
      if ((await keeper.find(absenceKey(repo, commit, path))) === undefined) return
      notes.outcome = 'hit'
      throw lacking({ code: 'EntryNotFound', commit })
    },
    noting: async ({ repo, commit, path, isKept }, work) => {
      try {
        return await work
      } catch (error) {
        const isNew = error instanceof AppError && error.code === 'not_found' && isKept
        if (isNew && codeTold(error) === 'EntryNotFound')
          await keeper.keep(absenceKey(repo, commit, path), NOTE)
        throw error
      }
    },
  }
}
