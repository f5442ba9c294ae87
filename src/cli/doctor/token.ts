import type { UpstreamConfig } from '../../config/config.ts'
import type { Finding } from './check.ts'
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
  const service = serviceOf(challenge)
  const login = service === undefined ? loginOf(upstream) : loginFor(upstream, service)
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
    judge: (answer) => judge(answer, { upstream, host: target.url.host, login }),
  })
}

interface Asked {
  readonly upstream: UpstreamConfig
  readonly host: string
  readonly login: string | undefined
}

function judge({ status }: Answer, { upstream, host, login }: Asked): Omit<Finding, 'name' | 'ms'> {
  const who = login === undefined ? 'without a login' : 'with the login'
  if (status !== 200) {
    const detail = `${host} answers ${status} ${who}`
    if (login !== undefined) return { state: 'fail', detail, advice: 'check username and password_file' }
    return { state: 'warn', detail, advice: 'a username and password_file are needed, as it seems' }
  }
  const untried = login === undefined && upstream.username !== undefined
  if (!untried) return { state: 'ok', detail: `${host} lets us in ${who}` }
  const detail = `${host} lets us in without a login; ours was not sent there`
  return { state: 'ok', detail }
}

async function ask(route: Route, authorization: string | undefined): Promise<Answer> {
  const socket = await openRoute(route)
  return getOver(socket, route, authorization === undefined ? {} : { authorization })
}

/** `Bearer realm="…",service="…"` as the address to ask (distribution spec, "Token Authentication"). */
function serviceOf(challenge: string): URL | undefined {
  if (!/^bearer /i.test(challenge)) return undefined
  const realm = /\brealm="([^"]+)"/i.exec(challenge)?.[1]
  const service = /\bservice="([^"]*)"/i.exec(challenge)?.[1]
  if (realm === undefined || !URL.canParse(realm)) return undefined
  const url = new URL(realm)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined
  if (service !== undefined) url.searchParams.set('service', service)
  return url
}

/**
 * The login, but only for a host that is certainly the upstream's own: whoever can forge a 401 could collect it
 * otherwise. Stricter than a pull, which also knows registrable domains.
 */
function loginFor(upstream: UpstreamConfig, service: URL): string | undefined {
  const { url, name, tokenHosts } = upstream
  const home = new URL(url)
  if (home.protocol === 'https:' && service.protocol !== 'https:') return undefined
  const { host, hostname } = service
  const isOwn = hostname === home.hostname || hostname.endsWith(`.${name}`)
  return isOwn || tokenHosts.includes(host) || tokenHosts.includes(hostname) ? loginOf(upstream) : undefined
}

function loginOf({ username, password }: UpstreamConfig): string | undefined {
  if (username === undefined || password === undefined) return undefined
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}
