import type { NewEntry } from '../db/entries.ts'
import type { OriginHead } from '../upstream/origin.ts'

/** An ETag that promises equal bytes (RFC 9110 §8.8.1); undefined for weak ones and for none. */
export function strongEtag(etag: string | undefined): string | undefined {
  return etag !== undefined && /^"[\x21\x23-\x7e]+"$/.test(etag) ? etag : undefined
}

/**
 * Whether what an upstream has now is what is cached, by what it says of it: the same ETag, weak or strong; where one
 * of the two answers has none, the same Last-Modified and length.
 */
export function isUnmoved(entry: NewEntry, head: OriginHead): boolean {
  if (entry.etag !== undefined && head.etag !== undefined) return opaque(entry.etag) === opaque(head.etag)
  const before = entry.headers['last-modified']
  const now = head.headers['last-modified']
  return before !== undefined && before === now && head.contentLength === entry.size
}

/** Weak comparison (RFC 9110 §8.8.3.2). */
function opaque(etag: string): string {
  return etag.replace(/^W\//, '')
}
