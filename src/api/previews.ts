import { randomBytes } from 'node:crypto'
import type { ImageKey } from '../cache/removal.ts'
import { type Clock, MINUTE } from '../domain/clock.ts'
import { AppError } from '../domain/errors.ts'
import type { WholeFileName } from '../domain/file-names.ts'
import { because } from '../domain/reasons.ts'

/** An image as it was shown. */
export interface ShownImage extends ImageKey {
  readonly name: string
  /** All of them then, with blanks between. */
  readonly tags: string
  /** It could not be pulled again then: it goes only where that is asked for. */
  readonly isGone?: boolean
  /** Where tags alone were meant: those that were chosen. Undefined: the image. */
  readonly chosen?: readonly string[] | undefined
  /** It was said to stay while these tags go. */
  readonly isKept?: boolean
}

/** A file as it was shown. */
export interface ShownFile extends WholeFileName {
  readonly name: string
  /** What it was then. */
  readonly standing: string
  /** It could not be had again then: it goes only where that is asked for. */
  readonly isGone: boolean
}

/** A mirror of a git repository, as it was shown. */
export interface ShownMirror {
  /** "github.com/owner/repo" */
  readonly repository: string
  readonly isGone: boolean
}

export interface Shown {
  readonly images: readonly ShownImage[]
  readonly files: readonly ShownFile[]
  readonly mirrors: readonly ShownMirror[]
  /** What was asked for, for people. */
  readonly target: string
}

/** What was shown to whom, so that exactly this is what is done. */
export interface Previews<T> {
  put(who: string, shown: T): Bound
  /** To show it once more. Throws as `take`. */
  look(who: string, previewId: string): Bound & { readonly shown: T }
  /** Once. Throws AppError `not_found` where nothing like that was shown to them, or too long ago. */
  take(who: string, previewId: string): T
}

export interface Bound {
  readonly previewId: string
  readonly expiresAt: number
}

/** Milliseconds that a preview can be carried out. */
const KEPT_FOR = 10 * MINUTE
/** Of one user: a console asks again with every click. */
const MOST_EACH = 8
/** Of all together: some ten megabytes. */
const MOST_ROWS = 100_000

interface Kept<T> extends Bound {
  readonly shown: T
  readonly who: string
  readonly rows: number
}

/** Characters that take as much as a row. */
const ROW_CHARS = 200

/** Rows of what was shown: one image may have thousands of tags. */
export function rowsOfShown({ images, files, mirrors, target }: Shown): number {
  const chars = images.reduce((sum, { tags }) => sum + tags.length, target.length)
  return images.length + files.length + mirrors.length + Math.floor(chars / ROW_CHARS)
}

/** In memory: who starts the program anew looks anew. `rowsOf` says how many rows of some hundred bytes something has. */
export function createPreviews<T>(clock: Clock, rowsOf: (shown: T) => number): Previews<T> {
  /** Oldest first. */
  const kept = new Map<string, Kept<T>>()

  const trim = (who: string): void => {
    const now = clock()
    for (const [id, { expiresAt }] of kept) if (expiresAt <= now) kept.delete(id)
    const own = [...kept].filter(([, preview]) => preview.who === who)
    for (const [id] of own.slice(0, Math.max(0, own.length - MOST_EACH))) kept.delete(id)
    let rows = [...kept.values()].reduce((sum, one) => sum + one.rows, 0)
    for (const [id, one] of kept) {
      // The newest stays, however large it is: its own question bounds it.
      if (rows <= MOST_ROWS || kept.size === 1) break
      kept.delete(id)
      rows -= one.rows
    }
  }

  const find = (who: string, previewId: string): Kept<T> => {
    const preview = kept.get(previewId)
    if (preview === undefined || preview.who !== who || preview.expiresAt <= clock())
      throw new AppError('not_found', because('preview_over'))
    return preview
  }

  return {
    put: (who, shown) => {
      const previewId = randomBytes(12).toString('base64url')
      const expiresAt = clock() + KEPT_FOR
      kept.set(previewId, { previewId, expiresAt, shown, who, rows: rowsOf(shown) })
      trim(who)
      return { previewId, expiresAt }
    },
    look: find,
    take: (who, previewId) => {
      const { shown } = find(who, previewId)
      kept.delete(previewId)
      return shown
    },
  }
}
