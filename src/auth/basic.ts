import { isNearlyKey } from './key-text.ts'

/** Passwords beyond this are nobody's, and hashing one would cost more than the rest of the request. */
const LONGEST_PASSWORD = 1024
const LONGEST_NAME = 255

export interface Credentials {
  readonly name: string
  /** As it came: not every client writes UTF-8. */
  readonly password: Buffer
}

export type Authorization =
  /** No header, or an empty name with an empty password: podman sends that when it has no login. */
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly credentials: Credentials }
  /** A pull key where clients of some protocols have nothing but a token to send. */
  | { readonly kind: 'key'; readonly key: string }
  /** Somebody else's token: clients send theirs of the hub, wherever they are told to ask for it. */
  | { readonly kind: 'token' }
  /** Another scheme, or nothing that can be right. */
  | { readonly kind: 'other' }

/** Reads an Authorization header (RFC 7617, RFC 6750 §2.1). Never throws. */
export function parseAuthorization(header: string | undefined): Authorization {
  if (header === undefined || header.trim() === '') return { kind: 'none' }
  const token = /^bearer +(\S+) *$/i.exec(header)?.[1]
  if (token !== undefined) return isNearlyKey(token) ? { kind: 'key', key: token } : { kind: 'token' }
  const encoded = /^basic +([a-z0-9+/]*={0,2}) *$/i.exec(header)?.[1]
  if (encoded === undefined) return { kind: 'other' }
  const bytes = Buffer.from(encoded, 'base64')
  const colon = bytes.indexOf(':')
  if (colon < 0) return { kind: 'other' }
  const name = textOf(bytes.subarray(0, colon))
  const password = bytes.subarray(colon + 1)
  if (name === '' && password.length === 0) return { kind: 'none' }
  const isPlausible =
    name !== undefined && name !== '' && name.length <= LONGEST_NAME && password.length <= LONGEST_PASSWORD
  // A password with NUL would end there for some hashes and go on for others.
  if (!isPlausible || password.includes(0)) return { kind: 'other' }
  return { kind: 'basic', credentials: { name, password } }
}

function textOf(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** A WWW-Authenticate header; "Basic" makes clients ask for a login. */
export function challengeOf(scheme: 'Basic' | 'PullKey' | 'Session', realm: string): string {
  const quoted = realm.replaceAll(/[^\x20-\x7e]/g, '').replaceAll(/["\\]/g, '\\$&')
  return `${scheme} realm="${quoted}", charset="UTF-8"`
}
