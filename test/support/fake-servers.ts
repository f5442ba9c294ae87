import type { Clock } from '../../src/domain/clock.ts'
import type { PullBudget } from './fake-budget.ts'
import { createCdn } from './fake-cdn.ts'
import { createExchange, type ExchangeParts, type Service } from './fake-exchange.ts'
import { type Listener, openListener, type TlsFiles } from './fake-listener.ts'
import { createRegistry } from './fake-registry.ts'
import type { Repositories } from './fake-repositories.ts'
import { cdnService, registryService, tokenService } from './fake-services.ts'
import type { FakeAuth } from './fake-token.ts'
import type { Role } from './request-log.ts'

export interface ServerOptions {
  readonly auth: FakeAuth
  readonly repositories: Repositories
  readonly budget: PullBudget | undefined
  readonly blobs: 'direct' | 'redirect'
  /** Seconds. */
  readonly redirectTtl: number
  readonly tokenOrigin: 'same' | 'separate'
  readonly acceptMode: 'any' | 'flatten'
  readonly referrers: boolean
  readonly pageSize: number | undefined
  readonly port: number
  readonly address: string
  readonly tls: TlsFiles | undefined
  readonly now: Clock
}

/** The listeners of one fake upstream. */
export interface Servers {
  readonly registry: Listener
  readonly cdn: Listener
  readonly tokenUrl: string
  /** Those that play this role, or all. */
  of(role: Role | undefined): Listener[]
}

export async function openServers(options: ServerOptions, parts: ExchangeParts): Promise<Servers> {
  const { auth, address, tls, port, tokenOrigin } = options
  const open = (service: Service, port: number) =>
    openListener({ address, port, tls, handler: createExchange(parts, service) })
  const grants = createCdn({ ttl: options.redirectTtl, now: options.now })
  // The registry comes first: its port may be taken, and then nothing else must be left open.
  const registry = await open(
    registryService({
      auth,
      ownsTokens: tokenOrigin === 'same',
      tokenUrl: () => tokenUrl,
      answer: createRegistry(options, (blob, dead) => cdn.url + grants.sign(blob, dead)),
    }),
    port,
  )
  const cdn = await open(cdnService(grants), 0)
  const token = tokenOrigin === 'separate' ? await open(tokenService(auth), 0) : registry
  const tokenUrl = `${token.url}/token`
  const all: Record<Role, Listener> = { registry, cdn, token }
  return {
    registry,
    cdn,
    tokenUrl,
    of: (role) => (role === undefined ? [...new Set(Object.values(all))] : [all[role]]),
  }
}
