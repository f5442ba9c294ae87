import { hash, randomBytes } from 'node:crypto'

/** 256 random bits in 43 letters, digits, dashes and underscores. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

const SECRET = /^[\w-]{43}$/

export function isSecret(text: string): boolean {
  return SECRET.test(text)
}

/** What is kept of a secret. It is random and long: comparing hashes tells nothing, and guessing needs no slow one. */
export function digestOf(secret: string): Buffer {
  return hash('sha256', secret, 'buffer')
}
