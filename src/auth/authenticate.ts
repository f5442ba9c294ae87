import type { Clock } from '../domain/clock.ts'
import { AppError, toAppError } from '../domain/errors.ts'
import type { Log } from '../domain/log.ts'
import { ANONYMOUS, type Principal, type Role } from '../domain/principal.ts'
import { because } from '../domain/reasons.ts'
import type { AuditEvent } from './audit.ts'
import { type Authorization, type Credentials, parseAuthorization } from './basic.ts'
import { type Account, type Accounts, NO_ACCOUNTS } from './htpasswd.ts'
import { createLogins, type Logins } from './logins.ts'
import type { PullKeys } from './pull-keys.ts'
import { createThrottle, type Throttle } from './throttle.ts'
import { createUserFile, type UserFile, type UserPlace } from './user-file.ts'
import { noteWrongSecret, type WrongSecret } from './wrong-secret.ts'

/** What comes from the configuration and changes with it. */
export interface AuthSettings {
  readonly users: UserPlace
  readonly admins: readonly string[]
  readonly operators: readonly string[]
}

export interface AuthenticatorOptions {
  /** Asked for with every request. */
  readonly settings: () => AuthSettings
  readonly mayPullAnonymously: (address: string) => boolean
  readonly keys: Pick<PullKeys, 'find'>
  /** Hears of logins that were checked afresh, and of keys that were refused. */
  readonly audit: (event: AuditEvent) => void
  readonly clock: Clock
  readonly log: Log
}

export interface AuthAsk {
  /** The header, as it came. */
  readonly authorization: string | undefined
  /** What stood in the path in the place of a key; see `splitKey`. */
  readonly key: string | undefined
  readonly address: string
  /** Somebody wants to know whether the password is right: GET /v2/, and everything that needs a role. */
  readonly isLogin: boolean
}

/** Somebody who can log in, with the role that counts now. */
export interface Known {
  readonly name: string
  readonly role: Role
  readonly account: Account
}

export interface Authenticator {
  /**
   * Who asks; at once where no password has to be checked, which is how most requests come. Throws AppError
   * `unauthorized`, or `too_many_requests` with `retryAfter` for whoever guesses.
   *
   * A key decides alone, the one in the path before one that came as a bearer token. A wrong password, or a token that is
   * no key, is an error where a login is needed or it is meant for us; where anybody may pull it may be meant for somebody
   * else (Docker sends that of Docker Hub to a mirror, others their token of the hub), and the client is anonymous.
   */
  authenticate(ask: AuthAsk): Principal | Promise<Principal>
  /** Whether there is anybody who could log in. */
  hasUsers(): Promise<boolean>
  /**
   * Who logs in, to stay; it is written down each time. Throws AppError `unauthorized`, or `too_many_requests` with
   * `retryAfter` for whoever guesses.
   */
  login(credentials: Credentials, address: string): Promise<Known>
  /** The user of that name; undefined where nobody can log in as that. */
  find(user: string): Promise<Known | undefined>
  /** Slows whoever guesses secrets, and writes it down. Throws AppError `too_many_requests`. */
  wrongSecret(wrong: WrongSecret): void
  /** This process changed the file of users: what it said a moment ago no longer counts. */
  reread(): void
}

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { settings, mayPullAnonymously, keys, clock, log, audit } = options
  const throttle = createThrottle(clock)
  const logins = createLogins(clock, throttle, log)
  const open = (): UserFile => createUserFile({ place: () => settings().users, clock, log })
  let users = open()

  const anonymous = (address: string): Principal => {
    if (mayPullAnonymously(address)) return ANONYMOUS
    throw new AppError('unauthorized')
  }

  const known = (account: Account): Known => {
    return { name: account.name, role: roleOf(account, settings()), account }
  }

  const byPassword = async (given: Given, ask: AuthAsk): Promise<Principal> => {
    const accounts = await users.current()
    // Nobody has a password here, so none of them is for us.
    if (accounts === undefined) return anonymous(ask.address)
    const isNeeded = ask.isLogin || !mayPullAnonymously(ask.address)
    try {
      // Whoever asks whether a login is right learns nothing but that it is not.
      if (given.kind === 'token' && !ask.isLogin)
        throw new AppError('unauthorized', { message: FOREIGN_TOKEN })
      const credentials = given.kind === 'basic' ? given.credentials : undefined
      if (credentials === undefined) throw new AppError('unauthorized', because('wrong_login'))
      const { address } = ask
      const login = { credentials, accounts, address, isNeeded, staying: false, audit }
      return userOf(known(await accountOf(logins, login)))
    } catch (error) {
      // Who has to wait is told so: a right password must not turn its owner into nobody because others guess.
      if (isNeeded || toAppError(error).code !== 'unauthorized') throw error
      return ANONYMOUS
    }
  }

  return {
    hasUsers: async () => ((await users.current())?.byName.size ?? 0) > 0,
    authenticate: (ask) => {
      if (ask.key !== undefined) return byKey(ask.key, ask.address, { keys, throttle, audit })
      const authorization = parseAuthorization(ask.authorization)
      if (authorization.kind === 'key')
        return byKey(authorization.key, ask.address, { keys, throttle, audit })
      return authorization.kind === 'none' ? anonymous(ask.address) : byPassword(authorization, ask)
    },
    login: async (credentials, address) => {
      const accounts = (await users.current()) ?? NO_ACCOUNTS
      const login = { credentials, accounts, address, isNeeded: true, staying: true, audit }
      return known(await accountOf(logins, login))
    },
    find: async (user) => {
      const account = (await users.current())?.byName.get(user)
      return account === undefined ? undefined : known(account)
    },
    wrongSecret: (wrong) => noteWrongSecret(wrong, { throttle, audit }),
    reread: () => {
      users = open()
    },
  }
}

type Given = Exclude<Authorization, { kind: 'none' | 'key' }>

const FOREIGN_TOKEN = 'the token is not one of this cache: log in, or send a pull key instead of it'

interface PasswordAsk {
  readonly credentials: Credentials
  readonly accounts: Accounts
  readonly address: string
  /** Without it there is no answer. */
  readonly isNeeded: boolean
  /** It opens a session: not the same login once more, as with each request of a pull. */
  readonly staying: boolean
  readonly audit: AuthenticatorOptions['audit']
}

/** The user whose password this is. Throws AppError. */
async function accountOf(logins: Logins, ask: PasswordAsk): Promise<Account> {
  const { credentials, accounts, address, isNeeded, staying, audit } = ask
  const { isRight, isFurther, account } = await logins.check({ credentials, accounts, address, isNeeded })
  // A name that nobody has here may be somebody's name elsewhere, or a password in the wrong field.
  const who = account?.name ?? 'unknown user'
  const isNews = isFurther || (staying && isRight)
  if (isNews && (isNeeded || account !== undefined)) {
    audit({ who, address, action: 'login', target: '', outcome: isRight ? 'ok' : 'refused' })
  }
  if (!isRight || account === undefined) throw new AppError('unauthorized', because('wrong_login'))
  return account
}

/** What the file says of somebody, and what the configuration says: the higher one counts. */
export function roleOf(
  { name, role }: Pick<Account, 'name' | 'role'>,
  { admins, operators }: Pick<AuthSettings, 'admins' | 'operators'>,
): Role {
  if (role === 'admin' || admins.includes(name)) return 'admin'
  return role === 'operator' || operators.includes(name) ? 'operator' : 'user'
}

interface KeyParts {
  readonly keys: Pick<PullKeys, 'find'>
  readonly throttle: Throttle
  readonly audit: AuthenticatorOptions['audit']
}

function byKey(key: string, address: string, { keys, throttle, audit }: KeyParts): Principal {
  const found = keys.find(key)
  if (found.kind === 'valid') return { kind: 'key', name: found.name }
  const { why, name } = found
  const who = name === undefined ? 'unknown key' : `key:${name}`
  noteWrongSecret({ secret: key, action: 'key', who, why, address }, { throttle, audit })
  throw new AppError('key_refused', { message: `this pull key is ${why}` })
}

/** Somebody known, as what may be granted something. */
export function userOf({ name, role }: Known): Extract<Principal, { kind: 'user' }> {
  return { kind: 'user', name, role }
}
