import { hash } from 'node:crypto'

/** The name of content: `sha256:<64 hex>` or `sha512:<128 hex>`, lower case (OCI image spec, descriptor.md). */
export type Digest = `sha256:${string}` | `sha512:${string}`
/** The name blobs have on our disk; every stored blob is known by its SHA-256. */
export type Sha256 = `sha256:${string}`

export type DigestAlgorithm = 'sha256' | 'sha512'

const HEX_LENGTH: Record<DigestAlgorithm, number> = { sha256: 64, sha512: 128 }

/** A digest, or undefined for every other spelling (upper case, other algorithms, wrong length). */
export function parseDigest(text: string): Digest | undefined {
  const algorithm = text.startsWith('sha256:') ? 'sha256' : text.startsWith('sha512:') ? 'sha512' : undefined
  if (algorithm === undefined || text.length !== algorithm.length + 1 + HEX_LENGTH[algorithm])
    return undefined
  return isLowerHex(text, algorithm.length + 1) ? (text as Digest) : undefined
}

function isLowerHex(text: string, from: number): boolean {
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (!((c >= 48 && c <= 57) || (c >= 97 && c <= 102))) return false
  }
  return true
}

export function isSha256(digest: Digest): digest is Sha256 {
  return digest.startsWith('sha256:')
}

export function algorithmOf(digest: Digest): DigestAlgorithm {
  return isSha256(digest) ? 'sha256' : 'sha512'
}

export function hexOf(digest: Digest): string {
  return digest.slice(7)
}

/** The digest of bytes that are wholly in memory. */
export function digestOf(bytes: Uint8Array): Sha256
export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm): Digest
export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return `${algorithm}:${hash(algorithm, bytes, 'hex')}`
}
