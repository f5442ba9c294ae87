import type { Clock } from '../domain/clock.ts'
import { createCoalesce } from '../domain/coalesce.ts'
import { AppError } from '../domain/errors.ts'
import type { Advertised, Remote } from './remote.ts'
import { type Source, sourceText } from './source.ts'

/** What a server last said of a repository. */
export type Standing =
  /** Everybody may see it. `v2`: what it said to those who speak version 2; it holds no refs, so it can be shown again. */
  | { readonly kind: 'open'; readonly at: number; readonly v2: Advertised }
  | { readonly kind: 'moved'; readonly at: number; readonly to: string }
  | { readonly kind: 'refused'; readonly at: number; readonly error: AppError }

/**
 * Whether a repository is there for everybody. Each request of a fetch stands alone, so each is asked about; what a
 * server said a moment ago counts.
 */
export interface Gate {
  /** Rejects with AppError when it cannot be asked, unless it moved before: then that is still so. */
  enter(source: Source): Promise<Standing>
  forget(source: Source): void
}

const MOST = 5000

export function createGate(
  remote: Remote,
  { clock, ttl, negativeTtl }: { clock: Clock; ttl: number; negativeTtl: () => number },
): Gate {
  const known = new Map<string, Standing>()
  const once = createCoalesce<Standing>()

  const remember = (key: string, standing: Standing): Standing => {
    known.delete(key)
    known.set(key, standing)
    if (known.size > MOST) known.delete(known.keys().next().value ?? '')
    return standing
  }

  const ask = async (source: Source): Promise<Standing> => {
    const at = clock()
    try {
      const answer = await remote.advertisement(source, 'version=2')
      if ('movedTo' in answer) return { kind: 'moved', at, to: answer.movedTo }
      return { kind: 'open', at, v2: answer }
    } catch (error) {
      if (isRefusal(error)) return { kind: 'refused', at, error }
      throw error
    }
  }

  const isFresh = ({ kind, at }: Standing): boolean => {
    const age = clock() - at
    return age >= 0 && age < (kind === 'refused' ? negativeTtl() : ttl)
  }

  return {
    enter: async (source) => {
      const key = sourceText(source)
      const standing = known.get(key)
      if (standing !== undefined && isFresh(standing)) return standing
      const { result } = once.run(key, async () => remember(key, await ask(source)))
      return await result.catch((error: unknown) => {
        // By its name of before nothing is here; by the one it has now there may be.
        if (standing?.kind === 'moved') return standing
        throw error
      })
    },
    forget: (source) => void known.delete(sourceText(source)),
  }
}

/** Said of the repository, as opposed to trouble with its server. */
export function isRefusal(error: unknown): error is AppError {
  return (
    error instanceof AppError && (error.code === 'upstream_denied' || error.code === 'upstream_not_found')
  )
}
