import type { UpstreamConfig } from '../config/config.ts'
import { toAppError } from '../domain/errors.ts'
import { trustedRealm } from '../upstream/realm.ts'
import { type Finding, finding } from './finding.ts'
import { type Answer, getOver, openRoute, type Route } from './route.ts'
import { tell } from './sentences.ts'
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
  if (asked.kind === 'refused') return steps.add({ name: 'token', ...asked.finding })
  const service = asked.kind === 'named' ? asked.url : undefined
  if (service === undefined && login === undefined) {
    return steps.add({ name: 'login', ...finding('warn', tell('wants_login'), tell('set_login')) })
  }
  const target = service === undefined ? route : { ...route, url: service }
  await steps.take({
    name: service === undefined ? 'login' : 'token',
    what: tell('place', { place: target.url.host }),
    advice: tell('check_host'),
    run: () => ask(target, login),
    judge: (answer) => judge(answer, { host: target.url.host, login }),
  })
}

interface Asked {
  readonly host: string
  readonly login: string | undefined
}

function judge({ status }: Answer, { host, login }: Asked): Omit<Finding, 'name' | 'ms'> {
  if (login === undefined) {
    if (status === 200) return finding('ok', tell('lets_in_anonymous', { host }))
    return finding('warn', tell('refuses_anonymous', { host, status }), tell('needs_login'))
  }
  if (status === 200) return finding('ok', tell('lets_in', { host }))
  return finding('fail', tell('refuses', { host, status }), tell('check_login'))
}

async function ask(route: Route, authorization: string | undefined): Promise<Answer> {
  const socket = await openRoute(route)
  return getOver(socket, route, authorization === undefined ? {} : { authorization })
}

type Service =
  /** The registry wants the login itself. */
  | { readonly kind: 'none' }
  | { readonly kind: 'named'; readonly url: URL }
  | { readonly kind: 'refused'; readonly finding: Omit<Finding, 'name'> }

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
    const { text, saying } = tell('allow_host')
    const says = { advice: saying, error: { code: undefined, text: detail } }
    return { kind: 'refused', finding: { state: 'fail', detail, advice: text, says } }
  }
}

function loginOf({ username, password }: UpstreamConfig): string | undefined {
  if (username === undefined || password === undefined) return undefined
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}
