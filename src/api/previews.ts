import { randomBytes } from 'node:crypto'
import type { ImageKey } from '../cache/removal.ts'
import { type Clock, MINUTE } from '../domain/clock.ts'
import { AppError } from '../domain/errors.ts'

/** An image as it was shown. */
export interface ShownImage extends ImageKey {
  readonly name: string
  /** All of them then, with blanks between. */
  readonly tags: string
}

export interface Shown {
  readonly images: readonly ShownImage[]
  /** What was asked for, for people. */
  readonly target: string
}

/** What was shown to whom, so that exactly this is what is done. */
export interface Previews {
  put(who: string, shown: Shown): { readonly previewId: string; readonly expiresAt: number }
  /** Once. Throws AppError `not_found` where nothing like that was shown to them, or too long ago. */
  take(who: string, previewId: string): Shown
}

/** Milliseconds that a preview can be carried out. */
const KEPT_FOR = 10 * MINUTE
/** Of one user: a console asks again with every click. */
const MOST_EACH = 8
/** Of all together: some ten megabytes. */
const MOST_IMAGES = 100_000

interface Kept extends Shown {
  readonly who: string
  readonly expiresAt: number
}

/** In memory: who starts the program anew looks anew. */
export function createPreviews(clock: Clock): Previews {
  /** Oldest first. */
  const kept = new Map<string, Kept>()

  const trim = (who: string): void => {
    const now = clock()
    for (const [id, { expiresAt }] of kept) if (expiresAt <= now) kept.delete(id)
    const own = [...kept].filter(([, preview]) => preview.who === who)
    for (const [id] of own.slice(0, Math.max(0, own.length - MOST_EACH))) kept.delete(id)
    let images = [...kept.values()].reduce((sum, one) => sum + one.images.length, 0)
    for (const [id, one] of kept) {
      // The newest stays, however large it is: its own question bounds it.
      if (images <= MOST_IMAGES || kept.size === 1) break
      kept.delete(id)
      images -= one.images.length
    }
  }

  return {
    put: (who, shown) => {
      const previewId = randomBytes(12).toString('base64url')
      const expiresAt = clock() + KEPT_FOR
      kept.set(previewId, { ...shown, who, expiresAt })
      trim(who)
      return { previewId, expiresAt }
    },
    take: (who, previewId) => {
      const preview = kept.get(previewId)
      if (preview === undefined || preview.who !== who || preview.expiresAt <= clock())
        throw new AppError('not_found', {
          message: 'this was shown too long ago, or is done already: look again',
        })
      kept.delete(previewId)
      return preview
    },
  }
}
