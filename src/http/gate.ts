import type { IncomingMessage } from 'node:http'
import type { Audit } from '../auth/audit.ts'
import type { Authenticator } from '../auth/authenticate.ts'
import type { Access } from '../domain/access.ts'
import type { Principal } from '../domain/principal.ts'
import type { ClientAddress } from './client-address.ts'
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
