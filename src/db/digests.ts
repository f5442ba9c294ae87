import { type Digest, hexOf, parseDigest, type Sha256 } from '../domain/digest.ts'

/** A digest as the index keeps it: its bytes alone, 32 or 64 of them. */
export function toBytes(digest: Digest): Buffer {
  return Buffer.from(hexOf(digest), 'hex')
}

export function toSha256(bytes: Buffer): Sha256 {
  return `sha256:${bytes.toString('hex')}`
}

/** A reference as the index keeps it: digests shrink to their bytes, everything else stays text. */
export function toRef(ref: string): string | Buffer {
  const digest = parseDigest(ref)
  return digest === undefined ? ref : toBytes(digest)
}

export function fromRef(ref: string | Buffer): string {
  if (typeof ref === 'string') return ref
  return ref.length === 32 ? toSha256(ref) : `sha512:${ref.toString('hex')}`
}
