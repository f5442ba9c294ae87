import type { UpstreamConfig } from '../config/config.ts'
import { toAppError } from '../domain/errors.ts'
import { trustedRealm } from '../upstream/realm.ts'
import type { Finding } from './finding.ts'
import { type Answer, getOver, openRoute, type Route } from './route.ts'
import type { Steps } from './steps.ts'

export interface LoginAsk {
  readonly upstream: UpstreamConfig
  readonly route: Route
  /** The WWW-Authenticate of its 401. */
  readonly challenge: string | undefined
  readonly steps: Steps
}

/** Gets a token where the registry asks for one, or logs in where it wants that itself. */
export async function checkLogin({ upstream, route, challenge = '', steps }: LoginAsk): Promise<void> {
  const login = loginOf(upstream)
  const asked = serviceOf(challenge, upstream)
  if (asked.kind === 'refused') return steps.add({ name: 'token', state: 'fail', ...asked.finding })
  const service = asked.kind === 'named' ? asked.url : undefined
  if (service === undefined && login === undefined) {
    const detail = 'this registry wants a login'
    return steps.add({ name: 'login', state: 'warn', detail, advice: 'set username and password_file' })
  }
  const target = service === undefined ? route : { ...route, url: service }
  await steps.take({
    name: service === undefined ? 'login' : 'token',
    what: target.url.host,
    advice: 'this host must be reachable too',
    run: () => ask(target, login),
    judge: (answer) => judge(answer, { host: target.url.host, login }),
  })
}

interface Asked {
  readonly host: string
  readonly login: string | undefined
}

function judge({ status }: Answer, { host, login }: Asked): Omit<Finding, 'name' | 'ms'> {
  const who = login === undefined ? 'without a login' : 'with the login'
  if (status !== 200) {
    const detail = `${host} answers ${status} ${who}`
    if (login !== undefined) return { state: 'fail', detail, advice: 'check username and password_file' }
    return { state: 'warn', detail, advice: 'a username and password_file are needed, as it seems' }
  }
  return { state: 'ok', detail: `${host} lets us in ${who}` }
}

async function ask(route: Route, authorization: string | undefined): Promise<Answer> {
  const socket = await openRoute(route)
  return getOver(socket, route, authorization === undefined ? {} : { authorization })
}

type Service =
  /** The registry wants the login itself. */
  | { readonly kind: 'none' }
  | { readonly kind: 'named'; readonly url: URL }
  | { readonly kind: 'refused'; readonly finding: { readonly detail: string; readonly advice: string } }

/**
 * `Bearer realm="…",service="…"` as the address to ask (distribution spec, "Token Authentication"), where a pull would
 * ask it too: whoever can forge a 401 could else collect the login.
 */
function serviceOf(challenge: string, upstream: UpstreamConfig): Service {
  if (!/^bearer /i.test(challenge)) return { kind: 'none' }
  const realm = /\brealm="([^"]+)"/i.exec(challenge)?.[1]
  const service = /\bservice="([^"]*)"/i.exec(challenge)?.[1]
  try {
    const url = trustedRealm(realm, upstream)
    if (service !== undefined) url.searchParams.set('service', service)
    return { kind: 'named', url }
  } catch (error) {
    const detail = toAppError(error).detail.said ?? 'the token service is refused'
    return { kind: 'refused', finding: { detail, advice: 'if that host is right, add it to token_hosts' } }
  }
}

function loginOf({ username, password }: UpstreamConfig): string | undefined {
  if (username === undefined || password === undefined) return undefined
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}
