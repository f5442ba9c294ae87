import { AppError } from '../domain/errors.ts'
import type { Role } from '../domain/principal.ts'
import { type Because, because } from '../domain/reasons.ts'
import { type AuthSettings, roleOf } from './authenticate.ts'
import { type Account, type Accounts, parseHtpasswd } from './htpasswd.ts'
import { editUsers, readUsers } from './htpasswd-edit.ts'
import { hasUser, withoutUser, withUser } from './htpasswd-lines.ts'
import { hashPassword } from './passwords.ts'
import { requireGood } from './setup.ts'

/** Somebody who can log in, for a list. */
export interface ListedUser {
  readonly name: string
  readonly role: Role
  /** "bcrypt 12", "apr1", "sha". */
  readonly hash: string
  /** The role comes from the configuration and is changed there. */
  readonly isFixed: boolean
}

export interface UserChange {
  readonly name: string
  /** A new user needs one. */
  readonly password?: string | undefined
  readonly role?: Role | undefined
  /** The hash that the new password is to replace: nothing is done where another one stands in the file by now. */
  readonly was?: string | undefined
}

/** Who can log in, in the file of users: the same lines that `cachalot user` writes. */
export interface Users {
  list(): Promise<readonly ListedUser[]>
  /** Makes a user or changes one. Throws AppError `bad_request`, or `denied` where no admin would be left. */
  put(change: UserChange): Promise<'added' | 'changed'>
  /** Throws AppError `not_found`, or `denied` for the last admin. */
  remove(name: string): Promise<void>
}

export interface UsersOptions {
  readonly settings: () => AuthSettings
  /** The file was changed: what was remembered of this user no longer holds. */
  readonly onChange: (name: string, change: 'added' | 'password' | 'role' | 'removed') => Promise<void>
}

export function createUsers({ settings, onChange }: UsersOptions): Users {
  const file = (): string => settings().users.file
  const edit = (change: (text: string) => string): Promise<void> =>
    withWords(() =>
      editUsers(file(), (text) => {
        const next = change(text)
        requireAdmin(parseHtpasswd(text), parseHtpasswd(next), settings())
        return next
      }),
    )
  return {
    list: async () => {
      const { byName } = parseHtpasswd(await withWords(() => readUsers(file())))
      return [...byName.values()].map((account) => listed(account, settings()))
    },
    put: async ({ name, password, role, was }) => {
      if (role !== undefined) requireFree(name, role, settings())
      requireGood(name, password)
      const hash = password === undefined ? undefined : await hashPassword(password)
      let isNew = false
      await edit((text) => {
        isNew = !hasUser(text, name)
        if (was !== undefined && was !== parseHtpasswd(text).byName.get(name)?.hash)
          throw new AppError('denied', because('password_old'))
        const given = { hash: hash ?? hashIn(text, name) }
        // Without a role a line keeps what stands behind its hash.
        return withUser(text, name, role === undefined ? given : { ...given, role })
      })
      await onChange(name, isNew ? 'added' : password === undefined ? 'role' : 'password')
      return isNew ? 'added' : 'changed'
    },
    remove: async (name) => {
      await edit((text) => {
        const rest = withoutUser(text, name)
        if (rest === undefined) throw new AppError('not_found', because('user_unknown', { name }))
        return rest
      })
      await onChange(name, 'removed')
    },
  }
}

function listed(account: Account, settings: AuthSettings): ListedUser {
  const { name, scheme, cost } = account
  const isFixed = settings.admins.includes(name) || settings.operators.includes(name)
  return {
    name,
    role: roleOf(account, settings),
    hash: scheme === 'bcrypt' ? `bcrypt ${cost}` : scheme,
    isFixed,
  }
}

/** A role that the configuration gives cannot be taken away here, and a higher one here would surprise there. */
function requireFree(name: string, role: Role, settings: AuthSettings): void {
  const fixed = roleOf({ name, role: 'user' }, settings)
  if (fixed === 'user' || fixed === role) return
  throw new AppError('bad_request', because('role_fixed', { name, role: fixed }))
}

/** The hash of who keeps the password. */
function hashIn(text: string, name: string): string {
  const account = parseHtpasswd(text).byName.get(name)
  if (account !== undefined) return account.hash
  throw new AppError('bad_request', because('no_password', { name }))
}

function requireAdmin(before: Accounts, after: Accounts, settings: AuthSettings): void {
  if (!hasAdmin(before, settings) || hasAdmin(after, settings)) return
  throw new AppError('denied', because('last_admin'))
}

function hasAdmin({ byName }: Accounts, settings: AuthSettings): boolean {
  return [...byName.values()].some((account) => roleOf(account, settings) === 'admin')
}

const UNWRITABLE: Readonly<Record<string, Because>> = {
  EACCES: because('users_kept'),
  EPERM: because('users_kept'),
  EROFS: because('users_read_only'),
  EBUSY: because('users_mounted'),
}

/** What keeps people from a change that they can do something about, without the path of the file. */
async function withWords<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const why = UNWRITABLE[(error as NodeJS.ErrnoException).code ?? ''] // Errors of the file system carry a code.
    if (why === undefined) throw error
    throw new AppError('denied', { ...why, cause: error })
  }
}
