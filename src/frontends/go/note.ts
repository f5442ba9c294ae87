import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'

/** Who signs notes (golang.org/x/mod/sumdb/note). */
export interface Verifier {
  readonly name: string
  /** Whether this is its signature under that text. */
  verify(text: string, signature: Buffer): boolean
}

const ED25519 = 1
/** The frame that makes 32 bytes a key (RFC 8410). */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')

/** Reads "name+hash+key" as it stands in GOSUMDB. Undefined for what is none, or whose hash does not fit. */
export function parseVerifier(text: string): Verifier | undefined {
  const [, name = '', hash = '', encoded = ''] =
    /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text) ?? []
  const bytes = Buffer.from(encoded, 'base64')
  if (name === '' || bytes.length !== 33 || bytes[0] !== ED25519) return undefined
  const id = keyHash(name, bytes)
  if (id.toString('hex') !== hash) return undefined
  const key: KeyObject = createPublicKey({
    key: Buffer.concat([SPKI, bytes.subarray(1)]),
    format: 'der',
    type: 'spki',
  })
  return {
    name,
    verify: (signed, signature) =>
      signature.length === 68 &&
      signature.subarray(0, 4).equals(id) &&
      verify(null, Buffer.from(signed), key, signature.subarray(4)),
  }
}

/** The four bytes by which a signature says which key it is of. */
export function keyHash(name: string, key: Uint8Array): Buffer {
  return createHash('sha256').update(`${name}\n`).update(key).digest().subarray(0, 4)
}

/** The text of a signed note, once the signature of `verifier` under it is right; else undefined. */
export function openNote(note: string, verifier: Verifier): string | undefined {
  const at = note.lastIndexOf('\n\n')
  if (at < 0 || !note.endsWith('\n')) return undefined
  const text = note.slice(0, at + 1)
  const lines = note.slice(at + 2, -1).split('\n')
  const isSigned = lines.some((line) => {
    const [, name, signature = ''] = /^\u2014 (\S+) ([A-Za-z0-9+/=]+)$/.exec(line) ?? []
    return name === verifier.name && verifier.verify(text, Buffer.from(signature, 'base64'))
  })
  return isSigned ? text : undefined
}
