import { RESERVED_NAMES, type Role } from '../domain/principal.ts'
import { type Because, because } from '../domain/reasons.ts'

export type Scheme = 'bcrypt' | 'apr1' | 'sha'

/** Somebody who can log in. */
export interface Account {
  readonly name: string
  readonly scheme: Scheme
  readonly hash: string
  readonly role: Role
  /** Of bcrypt, as the power of two; 0 for the other schemes, which cost next to nothing. */
  readonly cost: number
}

export interface Warning {
  /** Counted from 1. */
  readonly line: number
  /** Holds neither hash nor password. */
  readonly text: string
}

/** What a file of users says. */
export interface Accounts {
  readonly byName: ReadonlyMap<string, Account>
  /** The highest cost of bcrypt among them. */
  readonly costliest: number
  readonly warnings: readonly Warning[]
}

/** Beyond this a login takes half a minute, and a few of them stop the server from checking any other. */
const MOST_COST = 16
/** What a wrong login costs where no line says: as much as a bcrypt that is good enough. */
const DEFAULT_COST = 10

export const NO_ACCOUNTS: Accounts = { byName: new Map(), costliest: DEFAULT_COST, warnings: [] }

/**
 * Reads lines of `name:hash`. A line that is no good is left out with a warning and changes nothing for the others; of
 * several lines for one name the first counts, as Apache has it. Blank lines and those that begin with # are nothing.
 * A third field "role=admin" or "role=operator" gives that role; Apache takes what stands there for a remark.
 */
export function parseHtpasswd(text: string): Accounts {
  const accounts = new Map<string, Account>()
  const seen = new Map<string, number>()
  const warnings: Warning[] = []
  for (const [at, raw] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const line = at + 1
    const entry = raw.trim()
    if (entry === '' || entry.startsWith('#')) continue
    const { name, hash, remark, problem } = split(entry)
    const warn = (words: string): void => void warnings.push({ line, text: words })
    if (problem !== undefined) {
      warn(problem)
      continue
    }
    const before = seen.get(name)
    if (before !== undefined) {
      warn(`user "${name}" is on line ${before} already: this line does not count`)
      continue
    }
    seen.set(name, line)
    const read = readHash(name, hash)
    if (read.warning !== undefined) warn(read.warning)
    if (read.account !== undefined) accounts.set(name, { ...read.account, role: roleIn(remark) })
  }
  const costs = [...accounts.values()].map(({ cost }) => cost).filter((cost) => cost > 0)
  return { byName: accounts, costliest: costs.length === 0 ? DEFAULT_COST : Math.max(...costs), warnings }
}

interface Split {
  readonly name: string
  readonly hash: string
  readonly remark?: string | undefined
  readonly problem?: string
}

function split(entry: string): Split {
  // What follows a second colon is a remark, as in Apache's files.
  const [name = '', hash, remark] = entry.split(':').map((part) => part.trim())
  if (hash === undefined) return { name, hash: '', problem: 'there is no colon between user and hash' }
  const problem = nameProblem(name)
  if (problem !== undefined) return { name, hash, problem: problem.message }
  if (hash === '') return { name, hash, problem: `user "${name}" has no hash and cannot log in` }
  return { name, hash, remark }
}

function roleIn(remark: string | undefined): Role {
  if (remark === 'role=admin') return 'admin'
  return remark === 'role=operator' ? 'operator' : 'user'
}

/** What is wrong with a user name; undefined where nothing is. */
export function nameProblem(name: string): Because | undefined {
  if (name === '') return because('user_nameless')
  if (name.length > 255) return because('user_long', { most: 255 })
  // Control characters and what was no UTF-8 must not reach a log or a terminal.
  if (/[\p{Cc}\uFFFD:]/u.test(name)) return because('user_character')
  if (name.trim() !== name || name.startsWith('#')) return because('user_ends')
  if (RESERVED_NAMES.includes(name)) return because('user_reserved', { name })
  return undefined
}

interface ReadHash {
  readonly account?: Omit<Account, 'role'>
  readonly warning?: string
}

const ANEW = 'set the password anew with "cachalot user passwd"'

function readHash(name: string, hash: string): ReadHash {
  if (/^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/.test(hash)) return readBcrypt(name, hash)
  const old = OLD.find(({ pattern }) => pattern.test(hash))
  if (old !== undefined) {
    const warning = `user "${name}" has a hash of ${old.words}, which is fast to guess: ${ANEW}`
    return { account: { name, scheme: old.scheme, hash, cost: 0 }, warning }
  }
  const [, what] = FOREIGN.find(([pattern]) => pattern.test(hash)) ?? [undefined, UNKNOWN]
  return { warning: `user "${name}" cannot log in: ${what}; ${ANEW}` }
}

/** Schemes that are checked, although nobody should use them any more. */
const OLD = [
  { pattern: /^\$apr1\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{22}$/, scheme: 'apr1', words: 'apr1 (MD5)' },
  { pattern: /^\{SHA\}[A-Za-z0-9+/]{27}=$/, scheme: 'sha', words: '{SHA}' },
] as const

function readBcrypt(name: string, hash: string): ReadHash {
  const cost = Number(hash.slice(4, 6))
  if (cost < 4) return { warning: `user "${name}" cannot log in: the bcrypt hash is malformed; ${ANEW}` }
  if (cost > MOST_COST) {
    const words = `bcrypt with cost ${cost} takes too long, ${MOST_COST} is the most`
    return { warning: `user "${name}" cannot log in: ${words}; ${ANEW}` }
  }
  return { account: { name, scheme: 'bcrypt', hash, cost } }
}

const UNKNOWN = 'this is no hash that can be checked here, perhaps a password in plain text'
const FOREIGN: readonly (readonly [RegExp, string])[] = [
  [/^[!*]/, 'the user is locked'],
  [/^\$2[aby]\$/, 'the bcrypt hash is malformed'],
  [/^\$2/, 'this kind of bcrypt is not supported'],
  [/^\$apr1\$/, 'the apr1 hash is malformed'],
  [/^\{SHA\}/, 'the {SHA} hash is malformed'],
  [/^\$1\$/, 'md5crypt is not supported'],
  [/^\$5\$/, 'sha256crypt is not supported'],
  [/^\$6\$/, 'sha512crypt is not supported'],
  [/^\$argon2/, 'argon2 is not supported'],
  [/^\$(y|gy|7|scrypt)\$/, 'yescrypt and scrypt are not supported'],
  [/^\{SSHA\}/, '{SSHA} is not supported'],
  [/^[./A-Za-z0-9]{13}$/, 'crypt (DES) is not supported, if it is no password in plain text'],
]
