import type { Challenge } from './challenge.ts'

/** A question to a token service. */
export interface TokenAsk {
  /** With service and scope in its query. */
  readonly url: URL
}

/** More than pulling is nothing a cache needs, whatever a challenge suggests. */
const PULL_ONLY = /^repository(?:\([a-z0-9]+\))?:[^\s,]+:pull$/

/**
 * The token request for a Bearer challenge: `service` as the challenge says, `scope` too if it is nothing but
 * pull, else `repository:<name>:pull` (distribution spec, token authentication).
 */
export function tokenAsk(realm: URL, challenge: Challenge, repository: string | undefined): TokenAsk {
  const url = new URL(realm)
  const service = challenge.params.get('service')
  if (service !== undefined && service !== '') url.searchParams.set('service', service)
  url.searchParams.delete('scope')
  for (const scope of scopesFor(challenge.params.get('scope'), repository)) {
    url.searchParams.append('scope', scope)
  }
  return { url }
}

function scopesFor(offered: string | undefined, repository: string | undefined): string[] {
  const scopes = (offered ?? '').split(/\s+/).filter((scope) => scope !== '')
  if (scopes.length > 0 && scopes.every((scope) => PULL_ONLY.test(scope))) return scopes
  return repository === undefined ? [] : [`repository:${repository}:pull`]
}
