import type { Resolved } from './recheck.ts'
import type { Meta, Want } from './want.ts'

/** What a resolved name says about its content. The digest is the one asked for, where one was. */
export function metaOf(want: Want, { entry, outcome, warning }: Resolved): Meta {
  return {
    digest: want.digest ?? entry.digest,
    size: entry.size,
    mediaType: entry.mediaType,
    headers: entry.headers,
    outcome,
    warning,
  }
}
