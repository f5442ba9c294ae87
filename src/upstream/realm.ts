import { isIP } from 'node:net'
import { getDomain } from 'tldts'
import { AppError } from '../domain/errors.ts'
import { bareHost } from './address-guard.ts'
import type { UpstreamSettings } from './settings.ts'

/**
 * The token service that a challenge names, if it may be this upstream's: https (or http for an http upstream)
 * at the upstream's own host, in its registrable domain, or listed in `tokenHosts`. Anybody who can make the
 * registry send a challenge could otherwise collect the operator's password. Throws upstream_invalid naming
 * the host it refused.
 */
export function trustedRealm(realm: string | undefined, settings: UpstreamSettings): URL {
  const refuse = (named: string) =>
    new AppError('upstream_invalid', {
      detail: { upstream: settings.name, said: `token service refused: ${named}` },
    })
  if (realm === undefined || !URL.canParse(realm)) throw refuse('no absolute address')
  const url = new URL(realm)
  const own = new URL(settings.url)
  if (url.protocol !== 'https:' && url.protocol !== own.protocol)
    throw refuse(`${url.host} (${url.protocol})`)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refuse(url.protocol)
  if (url.username !== '' || url.password !== '') throw refuse(`${url.host} (with userinfo)`)
  if (!isOwnHost(url, own) && !isListed(url, settings.tokenHosts)) throw refuse(url.host)
  url.hash = ''
  return url
}

function isOwnHost(url: URL, own: URL): boolean {
  if (url.hostname === own.hostname) return true
  if (isIP(bareHost(url)) !== 0 || isIP(bareHost(own)) !== 0) return false
  const domain = registrableDomain(url)
  return domain !== null && domain === registrableDomain(own)
}

/** Private suffixes count as suffixes: two users of github.io are strangers. */
function registrableDomain(url: URL): string | null {
  return getDomain(url.hostname, { allowPrivateDomains: true })
}

function isListed(url: URL, tokenHosts: readonly string[]): boolean {
  return tokenHosts.some((listed) => {
    const host = listed.toLowerCase()
    return host === url.hostname || host === url.host
  })
}
