import type { Meta, Want } from '../../cache/want.ts'
import { type Digest, parseDigest } from '../../domain/digest.ts'
import { isGitName } from './git-object.ts'

/** The head of an answer of the hub. */
type OriginHead = Parameters<NonNullable<Want['digestIn']>>[0]

/** Says what a file is: the hash of its content, or of the git object that it is. */
export const LINKED_ETAG = 'x-linked-etag'
export const LINKED_SIZE = 'x-linked-size'

/**
 * What the hub itself says of a file. Where the content lies elsewhere, it stands on the redirect that leads there, and
 * whoever keeps it says other things.
 */
function saidOf({ headers, hops = [] }: OriginHead, name: string): string | undefined {
  return [headers, ...hops.toReversed()].find((one) => one[name] !== undefined)?.[name]
}

/**
 * The SHA-256 of content, in the hub's own word where it is kept beside git; of what is in git, `digestOfObject` may
 * know it. Undefined elsewhere, and where the length of what a redirect leads to is not told.
 */
export function digestStated(
  head: OriginHead,
  digestOfObject: (name: string) => Digest | undefined,
): Digest | undefined {
  const linked = opaque(saidOf(head, LINKED_ETAG))
  const own = linked ?? opaque(head.etag)
  if (isGitName(own)) return digestOfObject(own)
  return sizeStated(head) === undefined ? undefined : parseDigest(`sha256:${linked ?? ''}`)
}

/** Bytes of the content that a redirect leads to. */
export function sizeStated(head: OriginHead): number | undefined {
  const text = saidOf(head, LINKED_SIZE)
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** An ETag without its quotes and the mark of weak ones; undefined for what is none. */
export function opaque(etag: string | undefined): string | undefined {
  const text = etag?.trim().replace(/^W\//, '')
  return text !== undefined && /^"[\x21\x23-\x7e]{1,256}"$/.test(text) ? text.slice(1, -1) : undefined
}

/** What the hub calls the content of a file: its ETag there. Undefined where nothing is known of it. */
export function etagOf({ headers }: Meta): string | undefined {
  return opaque(headers[LINKED_ETAG]) ?? opaque(headers['etag'])
}

/** The SHA-256 that an ETag of the hub is, for what is kept beside git; undefined for all others. */
export function hexOfContent(etag: string | undefined): string | undefined {
  return etag !== undefined && /^[0-9a-f]{64}$/.test(etag) ? etag : undefined
}
