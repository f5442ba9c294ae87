import { AppError } from '../domain/errors.ts'
import { isListed } from '../domain/listed-hosts.ts'

const MAX_HOPS = 5
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

export function isRedirect(status: number): boolean {
  return REDIRECTS.has(status)
}

/**
 * Whether a redirect from `home` may lead to `to`: within the same origin always, elsewhere only to the hosts given
 * ("host", "host:port", "*.suffix" with the usual port); without a list, anywhere.
 */
export function mayLeadTo(to: URL, home: URL, hosts: readonly string[] | undefined): boolean {
  if (hosts === undefined || to.origin === home.origin) return true
  return isListed(to, hosts)
}

/**
 * Where a redirect leads. `visited` holds every URL of this chain so far, `from` the last of them. Throws
 * upstream_invalid for more than five hops, loops, https to http, other schemes, userinfo and nonsense; the
 * error names hosts, never a query.
 */
export function nextHop(
  from: URL,
  location: string | undefined,
  visited: ReadonlySet<string>,
  upstream: string,
): URL {
  const refuse = (said: string) =>
    new AppError('upstream_invalid', { detail: { upstream, said: `redirect refused: ${said}` } })
  if (location === undefined || !URL.canParse(location, from)) throw refuse('no usable Location')
  const to = new URL(location, from)
  to.hash = ''
  if (to.protocol !== 'https:' && to.protocol !== 'http:') throw refuse(`scheme ${to.protocol}`)
  if (from.protocol === 'https:' && to.protocol === 'http:') throw refuse(`${to.host} is not https`)
  if (to.username !== '' || to.password !== '') throw refuse(`userinfo in the address of ${to.host}`)
  if (visited.has(to.href)) throw refuse(`it goes round in circles at ${to.host}`)
  if (visited.size > MAX_HOPS) throw refuse(`more than ${MAX_HOPS} hops`)
  return to
}
