import type { IncomingMessage } from 'node:http'
import type { ApiTokens } from '../auth/api-tokens.ts'
import type { Audit } from '../auth/audit.ts'
import { type Authenticator, userOf } from '../auth/authenticate.ts'
import { sessionIn } from '../auth/session-cookie.ts'
import type { Sessions } from '../auth/sessions.ts'
import type { Access } from '../domain/access.ts'
import { AppError } from '../domain/errors.ts'
import { ANONYMOUS, type Principal } from '../domain/principal.ts'
import type { ClientAddress } from './client-address.ts'
import type { Approach } from './console-host.ts'
import type { Limits } from './limits.ts'

/** Whoever is on the other end of a request. */
export interface Visitor {
  readonly address: string
  readonly access: Access
}

export interface GateAsk {
  readonly req: IncomingMessage
  readonly address: string
  /** What stood in the path in the place of a pull key. */
  readonly key: string | undefined
  /** The password has to be right, even where nobody needs one. */
  readonly isLogin: boolean
}

/** Who asks, and what they may do: the one way in for every protocol. */
export type Gate = (ask: GateAsk) => Access | Promise<Access>

/** What a pipeline needs to know of whoever comes in. */
export interface Door {
  readonly gate: Gate
  readonly clientAddress: ClientAddress
  readonly limits: Pick<Limits, 'enter'>
  /** Takes notice of who comes in, and from where. */
  readonly look: (req: IncomingMessage, address: string) => void
  readonly audit: Pick<Audit, 'note'>
  /** Whether there is anybody who could log in. */
  hasUsers(): Promise<boolean>
  /** Shown by clients that ask for a password. */
  readonly realm: () => string
  /** How requests came, as their clients see it. */
  readonly approach: Approach
}

/** Throws AppError `unauthorized` or `too_many_requests`. Whoever brings no password is not kept waiting. */
export function createGate(deps: {
  readonly authenticator: Authenticator
  /** The rules of this moment. */
  readonly grant: (principal: Principal) => Access
}): Gate {
  const { authenticator, grant } = deps
  return ({ req, address, key, isLogin }) => {
    const { authorization } = req.headers
    const principal = authenticator.authenticate({ authorization, key, address, isLogin })
    return principal instanceof Promise ? principal.then(grant) : grant(principal)
  }
}

export interface ApiGateDeps {
  readonly authenticator: Pick<Authenticator, 'authenticate' | 'wrongSecret'>
  readonly sessions: Pick<Sessions, 'find'>
  readonly tokens: Pick<ApiTokens, 'find'>
  readonly grant: (principal: Principal) => Access
  /** By https, as the client sees it. */
  readonly isSecure: (req: IncomingMessage) => boolean
}

/** Who asks the API, and what they may do: by token, by password, by session, else nobody in particular. */
export type ApiGate = (req: IncomingMessage, address: string) => Promise<Access>

/**
 * Sessions and tokens count here and nowhere else: a client that pulls has no use for them. Rejects with AppError
 * `unauthorized` or `too_many_requests`, and with `denied` for a change that a page of another site may have sent.
 */
export function createApiGate({ authenticator, sessions, tokens, grant, isSecure }: ApiGateDeps): ApiGate {
  const byToken = async (secret: string, address: string): Promise<Principal> => {
    const found = await tokens.find(secret)
    if (found.kind === 'valid') return { ...userOf(found.known), with: 'token' }
    const { token, why } = found
    const who = token === undefined ? 'unknown token' : `${token.user} (token ${token.name})`
    authenticator.wrongSecret({ secret, action: 'token', who, why, address })
    throw new AppError('unauthorized', { message: `this token is ${why}` })
  }

  const bySession = async (req: IncomingMessage): Promise<Principal> => {
    const secret = sessionIn(req.headers.cookie, isSecure(req))
    const by = isByItself(req) ? 'page' : 'user'
    const known = secret === undefined ? undefined : await sessions.find(secret, by)
    if (known === undefined) return ANONYMOUS
    requireIntent(req)
    return userOf(known)
  }

  return async (req, address) => {
    const { authorization } = req.headers
    const token = /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
    if (token !== undefined) return grant(await byToken(token, address))
    if (authorization === undefined) return grant(await bySession(req))
    return grant(await authenticator.authenticate({ authorization, key: undefined, address, isLogin: true }))
  }
}

/**
 * Browsers add cookies by themselves, also for a page at another port of this host, which SameSite takes for ours. But
 * they let no other origin send a header of its own making.
 */
function requireIntent({ method, headers }: IncomingMessage): void {
  if (method === 'GET' || method === 'HEAD' || headers['x-csrf'] === '1') return
  throw new AppError('denied', { message: 'with a session a change needs the header X-CSRF: 1' })
}

/**
 * Whether a page asks while nobody is at it: the console says so of what it loads long after the last touch or key, and
 * a stream of events goes on by itself.
 */
function isByItself({ headers }: IncomingMessage): boolean {
  return headers['x-unattended'] !== undefined || headers.accept === 'text/event-stream'
}

/** Whether a script of a page sent it: asked for a Basic login, its browser would put a window over the page. */
export function isFromPage({ headers }: IncomingMessage): boolean {
  const { referer, cookie } = headers
  const isScript = headers['sec-fetch-dest'] === 'empty' || headers['x-csrf'] !== undefined
  return (
    isScript || referer !== undefined || [true, false].some((way) => sessionIn(cookie, way) !== undefined)
  )
}
