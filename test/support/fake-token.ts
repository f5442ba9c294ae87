import { randomUUID } from 'node:crypto'
import type { Clock } from '../../src/domain/clock.ts'
import { type Answer, type Ask, answerError, answerJson } from './fake-answer.ts'

export interface AuthOptions {
  readonly auth: 'none' | 'bearer' | 'basic'
  /** Passwords by name. */
  readonly users: Readonly<Record<string, string>>
  /** Whether a token for pulling is given without a login. */
  readonly anonymous: boolean
  /** Repositories that need a login even where `anonymous` is on. */
  readonly privateRepos: readonly string[]
  /** Seconds. */
  readonly tokenTtl: number
  readonly omitExpiresIn: boolean
  readonly now: Clock
}

export const SERVICE = 'registry.fake'

/** The token service and the registry's judgement of credentials (distribution spec, token authentication). */
export interface FakeAuth {
  /** `GET <realm>?service=…&scope=…`, with Basic credentials or without. */
  answerToken(ask: Ask, dead: boolean): Answer
  /** Why the registry refuses this request, as the answer to send; undefined lets it pass. */
  refuse(ask: Ask, repo: string | undefined, tokenUrl: string): Answer | undefined
  /** Ends the life of the bearer token a request carries. */
  expire(ask: Ask): void
}

interface Grant {
  readonly repos: ReadonlySet<string>
  readonly until: number
}

export function createAuth(options: AuthOptions): FakeAuth {
  const grants = new Map<string, Grant>()

  function answerToken(ask: Ask, dead: boolean): Answer {
    if (ask.method !== 'GET') return answerError(405, 'UNSUPPORTED', 'only GET is understood here')
    const login = checkBasic(ask, options.users)
    if (login === 'wrong' || (login === 'none' && !options.anonymous)) {
      return answerJson(401, { details: 'incorrect username or password' })
    }
    const repos = readScopes(ask.query).filter(
      (repo) => login === 'right' || !options.privateRepos.includes(repo),
    )
    const token = `CANARY-token-${randomUUID()}`
    const until = dead ? 0 : options.now() + options.tokenTtl * 1000
    grants.set(token, { repos: new Set(repos), until })
    return answerJson(200, {
      token,
      access_token: token,
      issued_at: new Date(options.now()).toISOString(),
      ...(options.omitExpiresIn ? {} : { expires_in: options.tokenTtl }),
    })
  }

  function refuseBearer(ask: Ask, repo: string | undefined, tokenUrl: string): Answer | undefined {
    const scope = repo === undefined ? '' : `,scope="repository:${repo}:pull"`
    const challenge = `Bearer realm="${tokenUrl}",service="${SERVICE}"${scope}`
    const token = bearerOf(ask)
    if (token === undefined) return unauthorized(challenge)
    const grant = grants.get(token)
    if (grant === undefined || grant.until <= options.now()) {
      return unauthorized(`${challenge},error="invalid_token"`)
    }
    if (repo === undefined || grant.repos.has(repo)) return undefined
    return unauthorized(`${challenge},error="insufficient_scope"`)
  }

  return {
    answerToken,
    refuse(ask, repo, tokenUrl) {
      switch (options.auth) {
        case 'none':
          return undefined
        case 'basic':
          return checkBasic(ask, options.users) === 'right' ? undefined : unauthorized('Basic realm="fake"')
        case 'bearer':
          return refuseBearer(ask, repo, tokenUrl)
        default:
          return options.auth satisfies never
      }
    },
    expire(ask) {
      const token = bearerOf(ask)
      if (token !== undefined) grants.delete(token)
    },
  }
}

function unauthorized(challenge: string): Answer {
  return answerError(401, 'UNAUTHORIZED', 'authentication required', { 'WWW-Authenticate': challenge })
}

function bearerOf(ask: Ask): string | undefined {
  return /^Bearer (.+)$/i.exec(ask.headers.authorization ?? '')?.[1]
}

function checkBasic(ask: Ask, users: Readonly<Record<string, string>>): 'none' | 'right' | 'wrong' {
  if (ask.headers.authorization === undefined) return 'none'
  const encoded = /^Basic (.+)$/i.exec(ask.headers.authorization)?.[1] ?? ''
  const pair = Buffer.from(encoded, 'base64').toString()
  const right = Object.entries(users).some(([name, password]) => pair === `${name}:${password}`)
  return right ? 'right' : 'wrong'
}

/** Repositories of every `repository:<name>:…pull…` scope, repeated or separated by spaces. */
function readScopes(query: URLSearchParams): string[] {
  const scopes = query.getAll('scope').flatMap((scope) => scope.split(' '))
  return scopes.flatMap((scope) => {
    const [type, name, actions] = scope.split(':')
    return type === 'repository' && name !== undefined && actions?.split(',').includes('pull') ? [name] : []
  })
}
