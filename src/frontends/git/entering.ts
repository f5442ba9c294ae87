import type { Clock } from '../../domain/clock.ts'
import { AppError, isUpstreamTrouble } from '../../domain/errors.ts'
import { formatDuration } from '../../domain/units.ts'
import { type Gate, isRefusal } from '../../git/gate.ts'
import type { Mirror } from '../../git/mirror.ts'
import type { Mirrors } from '../../git/mirrors.ts'
import type { Advertised } from '../../git/remote.ts'
import type { Source } from '../../git/source.ts'
import type { Exchange } from '../front-end.ts'
import { type Address, repositoryOf } from './path.ts'
import type { GitServer, GitSettings } from './settings.ts'

/** A repository that this client may pull now. */
export type Entered =
  /** Its server shows it to everybody. */
  | { readonly kind: 'open'; readonly source: Source; readonly advertised: Advertised }
  /** Its server cannot be asked, but showed it to everybody not long ago, and there is a mirror. */
  | { readonly kind: 'stale'; readonly source: Source; readonly mirror: Mirror; readonly warning: string }

/** Who comes in; what it is that they get is noted. */
export type Entrant = Pick<Exchange, 'access' | 'notes'>

export interface Entering {
  /** Throws AppError: what this client may not pull, what its server does not show to everybody, what cannot be asked. */
  enter(address: Address, exchange: Entrant): Promise<Entered>
  /** After its server could not be asked in the middle: what is here, or `error`. */
  fallBack(source: Source, error: unknown): Promise<Entered>
}

const MOST_MOVES = 3

export function createEntering(deps: {
  readonly gate: Gate
  readonly mirrors: Mirrors
  readonly settings: GitSettings
  readonly clock: Clock
}): Entering {
  const { gate, mirrors, settings, clock } = deps

  const fallBack: Entering['fallBack'] = async (source, error) => {
    const mirror = isUpstreamTrouble(error) && !isRefusal(error) ? await mirrors.find(source.name) : undefined
    const age = mirror === undefined ? 0 : clock() - mirror.state.confirmedAt
    if (mirror === undefined || !isUpstreamTrouble(error) || age > settings.staleIfError) throw error
    const why = error.detail.said ?? error.message
    const warning = `served stale: ${why}; last confirmed ${formatDuration(age)} ago`
    return { kind: 'stale', source, mirror, warning }
  }

  const step = async (source: Source): Promise<Entered | { readonly to: string }> => {
    try {
      const standing = await gate.enter(source)
      if (standing.kind === 'moved') return { to: standing.to }
      if (standing.kind === 'refused') throw standing.error
      await mirrors.confirmed(source.name, standing.at)
      return { kind: 'open', source, advertised: standing.v2 }
    } catch (error) {
      if (isRefusal(error)) await mirrors.refused(source.name)
      return await fallBack(source, error)
    }
  }

  return {
    fallBack,
    enter: async (asked, exchange) => {
      const server = serverOf(settings, asked.host)
      let address = asked
      for (let moves = 0; moves <= MOST_MOVES; moves++) {
        const source = sourceOf(server, address)
        requirePull(exchange, source.name)
        exchange.notes.name = `git:${source.name}`
        exchange.notes.target = exchange.notes.name
        const found = await step(source)
        if (!('to' in found)) return found
        address = { ...address, path: found.to }
      }
      throw new AppError('upstream_invalid', {
        detail: { upstream: server.upstream, said: 'it moves in circles' },
      })
    },
  }
}

export function serverOf(settings: GitSettings, host: string): GitServer {
  if (!settings.enabled) throw new AppError('not_found', { message: 'git is switched off here' })
  const server = settings.hosts.find(({ name }) => name === host)
  if (server !== undefined) return server
  throw new AppError('name_unknown', { message: `repositories of ${host} are not mirrored here` })
}

export function sourceOf({ url, upstream }: GitServer, address: Address): Source {
  return { name: repositoryOf(address), upstream, url, path: address.path }
}

/** Rules may name it as a repository of git, and one of GitHub's as such: who denies its files means its history too. */
function targetsOf(name: string): readonly { readonly name: string }[] {
  const [host = '', ...path] = name.split('/')
  const own = { name: `git:${name}` }
  return host === 'github.com' ? [own, { name: `github:${path.join('/')}` }] : [own]
}

/** Throws AppError `denied`. */
export function requirePull({ access }: Pick<Exchange, 'access'>, name: string): void {
  for (const target of targetsOf(name)) access.requirePull(target)
}

export function mayStore({ access }: Pick<Exchange, 'access'>, name: string): boolean {
  return targetsOf(name).every((target) => access.mayStore(target))
}
