import type { Cache } from '../../cache/cache.ts'
import { unkept } from '../../cache/want.ts'
import { AppError } from '../../domain/errors.ts'
import type { GithubHost } from '../../domain/file-hosts.ts'
import { parseGithubPath } from './path.ts'
import type { GithubResource } from './resource.ts'
import type { GithubSettings } from './settings.ts'
import { githubKey, pointerWant, type WantContext } from './wants.ts'

/** Where redirects lead, read by who it belongs to. */
export interface Signposts {
  /** Whether an address belongs to this repository, or to nobody in particular as storage does. */
  isOf(to: URL, repository: string): boolean
  /** What a repository is called by now, where it is known here to have another name. */
  known(repository: string, ask: PointerAsk): Promise<string | undefined>
  /** The same, asked of GitHub unless it is known. Throws AppError `not_found` where it has no other name. */
  renamed(repository: string, ask: PointerAsk): Promise<string>
  /** The file as one of the release that is the latest now. Throws AppError `not_found` where there is none. */
  latest(resource: Latest, ask: PointerAsk): Promise<Release>
}

type Latest = Extract<GithubResource, { kind: 'latest' }>
type Release = Extract<GithubResource, { kind: 'release' }>

export interface PointerAsk {
  readonly context: WantContext
  readonly isKept: boolean
}

/** Beside the files of a repository, under names that none of them has. */
const RENAMED = 'renamed'
const LATEST = 'releases/latest'

export function createSignposts(cache: Cache, hosts: GithubSettings['hosts']): Signposts {
  const placeOf = createPlaces(hosts)

  const leadOf = async (
    repository: string,
    ref: string,
    { context, isKept }: PointerAsk,
  ): Promise<URL | undefined> => {
    const path = ref === RENAMED ? `/${repository}` : `/${repository}/${ref}`
    const want = pointerWant({ repository, ref, path }, context)
    const { headers } = await cache.read(isKept ? want : unkept(want))
    const home = hosts.find(({ name }) => name === 'github.com')?.url ?? 'https://github.com'
    const { location } = headers
    return location === undefined ? undefined : (URL.parse(location, `${home}${path}`) ?? undefined)
  }

  const renamed: Signposts['renamed'] = async (repository, ask) => {
    const to = await leadOf(repository, RENAMED, ask)
    const place = to === undefined ? undefined : placeOf(to)
    const [, owner, name] = /^\/([\w-]+)\/([\w.-]+)\/?$/.exec(place?.path ?? '') ?? []
    const next = place?.host === 'github.com' && owner !== undefined ? `${owner}/${name}` : undefined
    if (next !== undefined && !isSameName(next, repository)) return next
    throw new AppError('not_found', { message: `${repository} leads somewhere else, and nobody says where` })
  }

  return {
    isOf: (to, repository) => {
      const place = placeOf(to)
      return place === undefined || isOfRepository(place, repository)
    },
    known: async (repository, ask) => {
      if (cache.source(githubKey(repository, RENAMED)) === undefined) return undefined
      return await renamed(repository, ask).catch(unlessNotFound)
    },
    renamed,
    latest: async ({ repository, file }, ask) => {
      const to = await leadOf(repository, LATEST, ask)
      const path = to === undefined ? undefined : placeOf(to)?.path
      const found = path?.includes('/releases/tag/')
        ? resourceAt({
            host: 'github.com',
            path: `${path.replace('/releases/tag/', '/releases/download/')}/${encodeURIComponent(file)}`,
          })
        : undefined
      if (found?.kind === 'release') return found
      throw new AppError('not_found', { message: `${repository} has no latest release` })
    },
  }
}

interface Place {
  readonly host: GithubHost
  readonly path: string
}

/** By where GitHub's hosts are really asked: the longest address counts, as several may lie on one mirror. */
function createPlaces(hosts: GithubSettings['hosts']): (to: URL) => Place | undefined {
  const sorted = hosts.toSorted((a, b) => b.url.length - a.url.length)
  return (to) => {
    const text = `${to.origin}${to.pathname}`
    const found = sorted.find(({ url }) => text === url || text.startsWith(`${url}/`))
    return found === undefined ? undefined : { host: found.name, path: text.slice(found.url.length) }
  }
}

/** Storage has no names in its addresses, and nothing leads on from there. */
const STORAGE: ReadonlySet<GithubHost> = new Set([
  'objects.githubusercontent.com',
  'release-assets.githubusercontent.com',
  'github-cloud.githubusercontent.com',
])

function isOfRepository({ host, path }: Place, repository: string): boolean {
  if (STORAGE.has(host)) return true
  const resource = resourceAt({ host, path })
  return resource !== undefined && resource.kind !== 'asset' && isSameName(resource.repository, repository)
}

function resourceAt(place: Place): GithubResource | undefined {
  try {
    return parseGithubPath({ ...place, query: '' })
  } catch (error) {
    if (error instanceof AppError) return undefined
    throw error
  }
}

function isSameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

function unlessNotFound(error: unknown): undefined {
  if (error instanceof AppError && error.code === 'not_found') return undefined
  throw error
}

/** Whether an error says that an answer lies in another repository. */
export function isMoved(error: unknown): error is AppError {
  return error instanceof AppError && error.detail['movedTo'] !== undefined
}
