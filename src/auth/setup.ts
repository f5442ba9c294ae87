import { timingSafeEqual } from 'node:crypto'
import { AppError } from '../domain/errors.ts'
import { type Because, because } from '../domain/reasons.ts'
import { nameProblem, parseHtpasswd } from './htpasswd.ts'
import { editUsers } from './htpasswd-edit.ts'
import { withUser } from './htpasswd-lines.ts'
import { hashPassword, LONGEST_NEW } from './passwords.ts'
import { newSecret } from './secret.ts'

const SHORTEST = 8

export interface FirstUser {
  /** From the link. */
  readonly token: string
  readonly name: string
  readonly password: string
}

/** How the first admin comes to be: there is no password that everybody knows, but a link that only the owner sees. */
export interface Setup {
  /** The secret of the link; undefined as soon as there is a user. It is another one after every start. */
  token(): Promise<string | undefined>
  /** Throws AppError `denied` for a token that is none or no longer one, `bad_request` for a name or password. */
  create(user: FirstUser): Promise<void>
}

export function createSetup(deps: {
  /** The file of users, asked for each time. */
  readonly file: () => string
  readonly hasUsers: () => Promise<boolean>
}): Setup {
  const secret = newSecret()
  let isUsed = false
  const token = async (): Promise<string | undefined> =>
    isUsed || (await deps.hasUsers()) ? undefined : secret

  return {
    token,
    create: async ({ token: given, name, password }) => {
      const wanted = await token()
      if (wanted === undefined || !isSame(given, wanted)) throw new AppError('denied', because('link_over'))
      requireGood(name, password)
      const hash = await hashPassword(password)
      await editUsers(deps.file(), (text) => {
        // Somebody may have been quicker.
        if (parseHtpasswd(text).byName.size > 0) throw new AppError('denied', because('first_user'))
        return withUser(text, name, { hash, role: 'admin' })
      })
      isUsed = true
    },
  }
}

/** Throws AppError `bad_request` for a name or new password that nobody may have; without one the old one stays. */
export function requireGood(name: string, password: string | undefined): void {
  const problem = nameProblem(name) ?? (password === undefined ? undefined : passwordProblem(password))
  if (problem !== undefined) throw new AppError('bad_request', problem)
}

function passwordProblem(password: string): Because | undefined {
  if (password.length < SHORTEST || Buffer.byteLength(password) > LONGEST_NEW)
    return because('password_length', { least: SHORTEST, most: LONGEST_NEW })
  return /\p{Cc}/u.test(password) ? because('password_control') : undefined
}

function isSame(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}
