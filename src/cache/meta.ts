import type { Outcome } from '../domain/names.ts'
import type { OriginHead } from '../upstream/origin.ts'
import { entryOf, headersOf } from './landing.ts'
import type { Resolved } from './recheck.ts'
import type { Meta, Want } from './want.ts'

/** What a resolved name says about its content. The digest is the one asked for, where one was. */
export function metaOf(want: Want, { entry, outcome, warning }: Resolved): Meta {
  return {
    digest: want.digest ?? entry.digest,
    size: entry.size,
    mediaType: entry.mediaType,
    headers: headersOf(entry),
    outcome,
    warning,
  }
}

/** What an upstream's answer says about content that no entry knows yet. */
export function answerMeta(
  want: Want,
  answer: OriginHead | undefined,
  { size, outcome }: { size: number | undefined; outcome: Outcome },
): Meta {
  const entry = entryOf(want, answer, { digest: 'sha256:', size: 0, now: 0 })
  const { mediaType } = entry
  return { digest: want.digest, size, mediaType, headers: headersOf(entry), outcome, warning: undefined }
}
