import type { Reception } from './api/session.ts'
import { type ApiTokens, createApiTokens } from './auth/api-tokens.ts'
import type { Audit } from './auth/audit.ts'
import type { Authenticator, AuthSettings } from './auth/authenticate.ts'
import { createSessions } from './auth/sessions.ts'
import { createSetup, type Setup } from './auth/setup.ts'
import { createUsers, type Users } from './auth/users.ts'
import type { Index } from './db/index.ts'
import type { Clock } from './domain/clock.ts'
import type { Approach } from './http/console-host.ts'
import { type ApiGate, createApiGate } from './http/gate.ts'
import type { Limits } from './http/limits.ts'
import type { Grant } from './policy/access.ts'

/** Who comes to the console and the API: users, how they log in, and what with. */
export interface Desk {
  readonly apiGate: ApiGate
  readonly setup: Setup
  readonly tokens: ApiTokens
  readonly users: Users
  readonly reception: Reception
}

export function createDesk(deps: {
  readonly authenticator: Authenticator
  readonly settings: () => AuthSettings
  readonly mayPull: (address: string) => boolean
  readonly approach: Approach
  readonly grant: Grant
  readonly limits: Pick<Limits, 'enter'>
  readonly audit: Audit
  readonly index: Index
  readonly clock: Clock
}): Desk {
  const { authenticator, settings, mayPull, grant, limits, audit, index, clock } = deps
  const { isSecure, baseOf } = deps.approach
  const tokens = createApiTokens({ index, find: authenticator.find, clock })
  const sessions = createSessions({ index, find: authenticator.find, clock })
  const setup = createSetup({ file: () => settings().users.file, hasUsers: authenticator.hasUsers })
  const users = createUsers({
    settings,
    onChange: async (name, change) => {
      authenticator.reread()
      if (change === 'role') return
      await sessions.endAllOf(name)
      await tokens.revokeAllOf(name)
    },
  })
  const chargeGuess = (address: string): void => limits.enter(address).settle('failedLogin')
  return {
    apiGate: createApiGate({ authenticator, sessions, tokens, grant, isSecure }),
    setup,
    tokens,
    users,
    reception: { authenticator, sessions, setup, audit, isSecure, baseOf, mayPull, chargeGuess },
  }
}
