import type { Content, Meta } from '../../cache/want.ts'
import type { Outcome } from '../../domain/names.ts'
import type { Pointed } from './commits.ts'

/**
 * How an answer came about that took two steps: what is ours is only as fresh as the word of where the name leads. What
 * had to be fetched was fetched, however it was found.
 */
function joint(pointed: Pointed, own: Outcome): Outcome {
  if (own !== 'hit' || pointed.outcome === undefined || pointed.outcome === 'hit') return own
  return pointed.outcome === 'stale' ? 'stale' : 'revalidated'
}

/** The same answer, with what is to be said of how its commit was found. */
export function found<T extends Meta>(pointed: Pointed, meta: T): T {
  const outcome = joint(pointed, meta.outcome)
  return { ...meta, outcome, warning: meta.warning ?? pointed.warning }
}

/** As `found`, for content whose outcome may turn out while it is read. */
export function foundContent(pointed: Pointed, content: Content): Content {
  return {
    ...found(pointed, content),
    read: async (range) => {
      const { run, outcome } = await content.read(range)
      return { run, outcome: joint(pointed, outcome) }
    },
  }
}
