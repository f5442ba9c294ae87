/** What a Range header asks of a body of known size; `end` is exclusive. */
export type Span =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'outside' }

const OUTSIDE: Span = { kind: 'outside' }
const WHOLE: Span = { kind: 'whole' }

/**
 * Resolves one byte range as the OCI conformance suite wants it (RFC 9110 §14; a reversed range is refused).
 * Several ranges, other units and nonsense are answered whole.
 */
export function resolveRange(header: string | undefined, size: number): Span {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (match === null || (match[1] === '' && match[2] === '')) return WHOLE
  if (match[1] === '') {
    const last = Math.min(Number(match[2]), size)
    return last === 0 ? OUTSIDE : { kind: 'part', start: size - last, end: size }
  }
  const start = Number(match[1])
  const end = match[2] === '' ? size : Math.min(Number(match[2]) + 1, size)
  return start >= size || end <= start ? OUTSIDE : { kind: 'part', start, end }
}

/** Whether `If-None-Match` names this entity tag (weak comparison, RFC 9110 §13.1.2). */
export function matchesETag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes('*') || tags.includes(etag)
}
