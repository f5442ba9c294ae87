import type { Want } from '../../cache/want.ts'
import { type Clock, SECOND } from '../../domain/clock.ts'
import type { Offered } from '../../git/lfs.ts'
import type { GitSettings } from './settings.ts'

/** How a large file is asked of its upstream, as long as that holds. */
export type Action = Pick<Want['request'], 'upstream' | 'path' | 'own'>

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

/** The upstream that a file's address belongs to; undefined where none is configured that has it. */
export function actionFor(
  { hosts, files }: GitSettings,
  { href, headers }: { readonly href: string; readonly headers: Readonly<Record<string, string>> },
): Action | undefined {
  const isPlain = URL.canParse(href) && new URL(href).username === '' && new URL(href).password === ''
  const found = isPlain ? [...hosts, ...files].find(({ url }) => href.startsWith(`${url}/`)) : undefined
  if (found === undefined) return undefined
  const { host: _host, ...own } = headers
  return { upstream: found.upstream, path: href.slice(found.url.length), own }
}
