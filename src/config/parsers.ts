import { parseBytes, parseDuration } from '../domain/units.ts'
import type { Address, RequestLimit } from './config.ts'

/** Why a text is no value: the end of a sentence that begins with the key, "must be …". */
export interface Refusal {
  readonly refusal: string
}

/** Text of the file to a value. Pure; what it cannot read it answers with a refusal. */
export type Parser<T> = (text: string) => T | Refusal

export function refuse(refusal: string): Refusal {
  return { refusal }
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'refusal' in value
}

/** Bytes: "50GiB", "1.5GB", "0". */
export function parseSize(text: string): number | Refusal {
  return parseBytes(text) ?? refuse('must be a size such as "50GiB" or "500MB"')
}

/** Milliseconds: "30s", "5m", "30d", "0". */
export function parseTime(text: string): number | Refusal {
  const needsUnit = /^\d+$/.test(text.trim()) ? `needs a unit, for example "${text.trim()}m"` : undefined
  return parseDuration(text) ?? refuse(needsUnit ?? 'must be a duration such as "30s", "5m", "12h" or "30d"')
}

/** A share of something else ("90%", as 0.9), or bytes. */
export type Share = { readonly share: number } | { readonly bytes: number }

export function parseShare(text: string): Share | Refusal {
  const percent = /^(\d{1,3}(?:\.\d{1,3})?) ?%$/.exec(text.trim())?.[1]
  if (percent !== undefined && Number(percent) <= 100) return { share: Number(percent) / 100 }
  const bytes = parseBytes(text)
  return bytes === undefined
    ? refuse('must be a percentage such as "90%" or a size such as "45GiB"')
    : { bytes }
}

const HOST_NAME = /^(?!-)[a-z0-9_-]{1,63}(?:\.(?!-)[a-z0-9_-]{1,63})*$/i

/** "0.0.0.0:5000", "[::]:5000", "localhost:5000"; ":5000" means every IPv4 address. */
export function parseListen(text: string): Address | Refusal {
  const match = /^(?:\[([0-9a-fA-F:.%a-z]+)\]|([^:[\]\s]*)):(\d{1,5})$/.exec(text.trim())
  if (match === null) return refuse(`must be an address and a port such as "${listenHint(text.trim())}"`)
  const host = match[1] ?? (match[2] === '' ? '0.0.0.0' : match[2])
  const port = Number(match[3])
  if (port > 65535) return refuse('must have a port of at most 65535')
  const good = match[1] === undefined ? HOST_NAME.test(host ?? '') : match[1].includes(':')
  return host !== undefined && good ? { host, port } : refuse('must name an address of this machine')
}

function listenHint(text: string): string {
  if (/^\d{1,5}$/.test(text)) return `0.0.0.0:${text}`
  const bareIpv6 = /^([0-9a-fA-F:]*:[0-9a-fA-F]*):(\d{1,5})$/.exec(text)
  if (bareIpv6 !== null) return `[${bareIpv6[1]}]:${bareIpv6[2]}`
  return HOST_NAME.test(text) ? `${text}:5000` : '0.0.0.0:5000'
}

const PERIODS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** "600/m" and so on; undefined for "0", which means off. */
export function parseRate(text: string): RequestLimit | undefined | Refusal {
  if (text.trim() === '0') return undefined
  const match = /^([1-9]\d{0,8}) ?\/ ?([smhd])$/.exec(text.trim())
  const perMs = PERIODS[match?.[2] ?? '']
  if (match === null || perMs === undefined)
    return refuse('must be requests in a time such as "600/m", or "0" for off')
  return { count: Number(match[1]), perMs }
}

/** A host of a URL or a Host header, lower case; with `port` also "name:5000". */
export function parseHost(text: string, port: 'with port' | 'without port'): string | Refusal {
  const host = text.trim().toLowerCase()
  const name = port === 'with port' ? host.replace(/:\d{1,5}$/, '') : host
  const example = port === 'with port' ? 'auth.example.com' : 'docker.cache.example.com'
  return HOST_NAME.test(name) ? host : refuse(`must be a host name such as "${example}"`)
}

/** An upstream's http or https address without a trailing slash. A path may lead to the registry's own /v2/. */
export function parseUpstreamUrl(text: string): string | Refusal {
  const url = parseHttpUrl(text)
  if (!(url instanceof URL)) return url
  if (url.username !== '' || url.password !== '') {
    return refuse('must hold no credentials: use username and password_file')
  }
  if (url.search !== '' || url.hash !== '') return refuse('must have no query and no fragment')
  if (/\/v2\/?$/.test(url.pathname)) return refuse('must end before /v2, which is added to every request')
  return url.href.replace(/\/+$/, '')
}

/** The address clients reach us by: no credentials, path, query or fragment, no trailing slash. */
export function parsePublicUrl(text: string): string | Refusal {
  const url = parseHttpUrl(text)
  if (!(url instanceof URL)) return url
  return url.href === `${url.origin}/`
    ? url.origin
    : refuse('must be only scheme, host and port: registry clients look for /v2/ at the root')
}

/** An http or https proxy; whether it may hold credentials is judged where its source is known. */
export function parseProxy(text: string): string | Refusal {
  const url = parseHttpUrl(text)
  if (!(url instanceof URL)) return url
  return url.pathname === '/' && url.search === '' && url.hash === ''
    ? url.href.replace(/\/$/, '')
    : refuse('must be only scheme, host and port such as "http://proxy.example.com:3128"')
}

/** An https address, for services that must not be asked in clear text. */
export function parseHttpsUrl(text: string): string | Refusal {
  const url = parseHttpUrl(text)
  if (!(url instanceof URL)) return url
  return url.protocol === 'https:' ? url.href : refuse('must be an https URL')
}

function parseHttpUrl(text: string): URL | Refusal {
  const url = URL.parse(text.trim())
  const good =
    url !== null &&
    (url.protocol === 'http:' || url.protocol === 'https:') &&
    /^https?:\/\//i.test(text.trim())
  return good ? url : refuse('must be an http or https URL')
}
