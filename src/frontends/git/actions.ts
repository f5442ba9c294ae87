import type { Want } from '../../cache/want.ts'
import { type Clock, SECOND } from '../../domain/clock.ts'
import { isListed } from '../../domain/listed-hosts.ts'
import type { Offered } from '../../git/lfs.ts'
import type { Source } from '../../git/source.ts'
import type { GitSettings } from './settings.ts'

/** How a large file is asked of its upstream, as long as that holds. */
export type Action = Pick<Want['request'], 'upstream' | 'path' | 'at' | 'own'>

/** What servers said of where large files are. Such addresses are signed, so they stay here and are not written down. */
export interface Actions {
  find(repository: string, oid: string): Action | undefined
  keep(repository: string, offered: Offered & { kind: 'there' }, action: Action): void
  forget(repository: string, oid: string): void
}

const MOST = 20_000
const USUAL = 10 * 60
const SPARE = 30

export function createActions(clock: Clock): Actions {
  const known = new Map<string, Action & { readonly until: number }>()
  const keyOf = (repository: string, oid: string): string => `${repository}\0${oid}`
  return {
    find: (repository, oid) => {
      const found = known.get(keyOf(repository, oid))
      if (found === undefined || clock() >= found.until) return undefined
      const { until: _until, ...action } = found
      return action
    },
    keep: (repository, { oid, expiresIn = USUAL }, action) => {
      const key = keyOf(repository, oid)
      known.delete(key)
      known.set(key, { ...action, until: clock() + Math.max(0, expiresIn - SPARE) * SECOND })
      if (known.size > MOST) known.delete(known.keys().next().value ?? '')
    },
    forget: (repository, oid) => void known.delete(keyOf(repository, oid)),
  }
}

/**
 * How to ask for a file where its server says that it is; undefined where that is no host that is configured. What its
 * server's redirects may lead to is asked in the server's name.
 */
export function actionFor(
  { hosts, files, redirectHosts }: GitSettings,
  source: Source,
  { href, headers }: { readonly href: string; readonly headers: Readonly<Record<string, string>> },
): Action | undefined {
  const to = URL.parse(href)
  if (to === null || to.username !== '' || to.password !== '') return undefined
  const { host: _host, ...own } = headers
  const found = [...hosts, ...files].find(({ url }) => href.startsWith(`${url}/`))
  if (found !== undefined) return { upstream: found.upstream, path: href.slice(found.url.length), own }
  const isSafe = to.protocol === 'https:' || (to.protocol === 'http:' && source.url.startsWith('http:'))
  if (!isSafe || !isListed(to, redirectHosts)) return undefined
  return { upstream: source.upstream, path: to.pathname, at: href, own }
}
