import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import type { Visitor } from './api/visitor.ts'
import { type Audit, createAuditor } from './auth/audit.ts'
import { createAuthenticator } from './auth/authenticate.ts'
import { createPullKeys, type PullKeys } from './auth/pull-keys.ts'
import type { Config } from './config/config.ts'
import { PRIVATE_NETWORKS } from './config/networks.ts'
import { usersPlace } from './config/users.ts'
import type { Index } from './db/index.ts'
import type { Clock } from './domain/clock.ts'
import { toAppError } from './domain/errors.ts'
import type { Log } from './domain/log.ts'
import { type AnonymousPull, createAdmission } from './http/admission.ts'
import { costOf } from './http/charge.ts'
import { type ClientAddress, createClientAddress } from './http/client-address.ts'
import type { ConnectionGate } from './http/connection-gate.ts'
import { createConnectionLimits, MOST_PER_NETWORK, mostConnections } from './http/connection-limits.ts'
import { type Approach, createApproach } from './http/console-host.ts'
import { createGate, type Door } from './http/gate.ts'
import { createLimits } from './http/limits.ts'
import { publishedPortWarning } from './http/vantage-container.ts'
import { createProxyNotice } from './http/vantage-proxy.ts'
import { createGrant, type Grant } from './policy/access.ts'
import { createPolicy } from './policy/policy.ts'
import { createDesk, type Desk } from './reception.ts'

/** Who may come in, and who did what. */
export interface Entrance extends Door, Omit<Desk, 'apiGate'> {
  readonly connections: ConnectionGate
  readonly keys: PullKeys
  readonly audit: Audit
  /** What the rules of this moment let somebody do. */
  readonly grant: Grant
  /** For the API: lets in whoever logs in, and those who need no login as nobody in particular. */
  welcome(req: IncomingMessage): Promise<Visitor>
  /** Warns where everybody who reaches the server would count as a neighbour. */
  warnOfVantage(): void
  /** Takes another configuration into use. */
  update(config: Config): void
}

export function createEntrance(deps: { initial: Config; index: Index; clock: Clock; log: Log }): Entrance {
  const { index, clock, log } = deps
  let config = deps.initial
  let now = derive(config, log)
  const keys = createPullKeys(index, clock)
  const audit = createAuditor({ index, clock, log })
  const grant: Grant = (principal) => now.grant(principal)
  const authenticator = createAuthenticator({
    settings: () => now.settings,
    mayPullAnonymously: (address) => now.admission(address),
    keys,
    audit: audit.note,
    clock,
    log,
  })
  const limits = createLimits(config.limits, clock)
  const connections = createConnectionLimits({
    most: mostConnections(textOf('/proc/self/limits')),
    mostPerNetwork: MOST_PER_NETWORK,
    exempt: exemptIn(config),
    clock,
    log,
  })
  const proxies = createProxyNotice(vantageOf(config), log)
  const gate = createGate({ authenticator, grant })
  const approach: Approach = {
    isSecure: (req) => now.approach.isSecure(req),
    baseOf: (req) => now.approach.baseOf(req),
    requireOwnHost: (req) => now.approach.requireOwnHost(req),
  }
  const settings = () => now.settings
  const mayPull = (address: string): boolean => now.admission(address)
  const about = { authenticator, settings, mayPull, approach, grant, limits, audit, index, clock }
  const { apiGate, ...desk } = createDesk(about)
  const clientAddress: ClientAddress = (req) => now.clientAddress(req)
  return {
    limits,
    connections: connections.gate,
    look: (req) => proxies.note(req),
    welcome: async (req) => {
      proxies.note(req)
      const address = clientAddress(req)
      const charge = limits.enter(address)
      const hasCredentials = req.headers.authorization !== undefined
      try {
        approach.requireOwnHost(req)
        const access = await apiGate(req, address)
        charge.settle(asksElsewhere(req) ? 'upstream' : 'plain')
        return { address, access }
      } catch (error) {
        charge.settle(costOf({ outcome: undefined, error: toAppError(error), hasCredentials }))
        throw error
      }
    },
    gate,
    clientAddress,
    approach,
    ...desk,
    keys,
    audit,
    grant,
    realm: () => config.auth.realm,
    hasUsers: authenticator.hasUsers,
    warnOfVantage: () => {
      const { host } = config.server.listen
      const warning = publishedPortWarning({ readText: textOf, host, ...vantageOf(config) })
      if (warning !== undefined) log.warn({ event: 'vantage' }, warning)
    },
    update: (next) => {
      config = next
      now = derive(next, log)
      limits.update(next.limits)
      connections.update(exemptIn(next))
      proxies.update(vantageOf(next))
    },
  }
}

/** What is made of a configuration once, and used with every request. */
function derive(config: Config, log: Log) {
  const { auth, rules, upstreams, git, server } = config
  const gitHosts = git.hosts.map(({ name }) => name)
  const policy = createPolicy(rules, upstreams, gitHosts)
  for (const warning of policy.warnings) log.warn({ event: 'rules' }, warning)
  return {
    settings: { users: usersPlace(config), admins: auth.admins, operators: auth.operators },
    admission: createAdmission(anonymousPullOf(config)),
    clientAddress: createClientAddress(server.trustedProxies),
    approach: createApproach(server),
    grant: createGrant(policy),
  }
}

function anonymousPullOf({ auth }: Config): AnonymousPull {
  return auth.anonymousPull === 'private' ? PRIVATE_NETWORKS : auth.anonymousPull
}

/** What decides whether it matters from where requests seem to come. */
function vantageOf(config: Config) {
  return { anonymousPull: anonymousPullOf(config), trustedProxies: config.server.trustedProxies }
}

/** Networks whose connections are counted together only. */
/** Docker Hub may be asked for it: who that costs something is known before that. */
function asksElsewhere({ url = '' }: IncomingMessage): boolean {
  return url.startsWith('/api/v1/hub/')
}

function exemptIn({ server, limits }: Config): readonly string[] {
  return [...server.trustedProxies, ...limits.allow]
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
