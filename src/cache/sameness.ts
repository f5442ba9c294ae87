import { AppError } from '../domain/errors.ts'
import type { OriginHead } from '../upstream/origin.ts'
import { strongEtag } from './validators.ts'
import type { Want } from './want.ts'

/**
 * What makes sure that bytes of a later request belong to those of an earlier one. name: the digest, proven at the end.
 * etag: nothing is proven at the end, so only an answer with this very strong ETag continues. nothing: a cut is final.
 */
export type Sameness =
  | { readonly by: 'name' }
  | { readonly by: 'etag'; readonly etag: string }
  | { readonly by: 'nothing' }

/** How content can be continued whose first answer began like this. */
export function samenessOf(want: Want, etag: string | undefined): Sameness {
  if (want.digest !== undefined) return { by: 'name' }
  const strong = strongEtag(etag)
  return strong === undefined ? { by: 'nothing' } : { by: 'etag', etag: strong }
}

/** Throws AppError `upstream_failed` where a cut is final. */
export function requireContinuable(sameness: Sameness, upstream: string): void {
  if (sameness.by !== 'nothing') return
  const said = 'ended early, and nothing tells whether it would go on with the same content'
  throw new AppError('upstream_failed', { detail: { upstream, said } })
}

/** Throws AppError `upstream_invalid` for an answer to a later request that may belong to other content. */
export function requireSame(sameness: Sameness, head: OriginHead, upstream: string): void {
  if (sameness.by !== 'etag' || isSame(sameness.etag, head)) return
  const said = 'the content changed in the middle of the download'
  throw new AppError('upstream_invalid', { detail: { upstream, said } })
}

/** A server that does not say which content its range is of may have ignored the condition (RFC 9110 §15.3.7). */
function isSame(etag: string, head: OriginHead): boolean {
  return (head.status === 206 || head.status === 416) && (head.etag ?? '') === etag
}
