import { hash as digest, timingSafeEqual } from 'node:crypto'
import { hash, verify } from '@node-rs/bcrypt'
import apacheMd5 from 'apache-md5'
import type { Account } from './htpasswd.ts'

// Its types speak of a default export; what the package exports is the function itself.
const apr1 = apacheMd5 as unknown as (password: string, like: string) => string

/** What new passwords are hashed with: about a fifth of a second of one core. */
const NEW_COST = 12
/** bcrypt reads no further. */
export const LONGEST_NEW = 72

/** A new line's hash, in the notation that Apache, nginx and docker-registry read too. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, { cost: NEW_COST, version: '2y' })
}

/**
 * Whether the password is that of the account. A wrong one takes as long for every account, and for none, as for the
 * costliest hash in the file: so nobody learns from the time who has an account. Of a password over 72 bytes bcrypt
 * reads the first 72, here as in every other program; `cachalot user` therefore takes no longer ones.
 */
export async function checkPassword(
  account: Account | undefined,
  password: Buffer,
  costliest: number,
): Promise<boolean> {
  if (account !== undefined && (await isRight(account, password))) return true
  for (const cost of paddingCosts(account?.cost ?? 0, costliest)) await verify(password, dummyOf(cost))
  return false
}

/** Costs that take, together with `cost`, as long as `costliest`: each step up doubles the work. */
export function paddingCosts(cost: number, costliest: number): readonly number[] {
  if (cost === 0) return [costliest]
  return Array.from({ length: Math.max(0, costliest - cost) }, (_, step) => cost + step)
}

/** A hash of nothing, of the right form: it takes the time of a real one. */
function dummyOf(cost: number): string {
  return `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(53)}`
}

async function isRight({ scheme, hash: known }: Account, password: Buffer): Promise<boolean> {
  if (scheme === 'bcrypt') return await verify(password, known)
  if (scheme === 'sha') return isSame(`{SHA}${digest('sha1', password, 'base64')}`, known)
  // It hashes one byte per character; 2 ms on this thread are the price of an old file.
  return isSame(apr1(password.toString('latin1'), known), known)
}

function isSame(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}
