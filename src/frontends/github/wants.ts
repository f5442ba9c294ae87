import type { Freshness, Missing, Want } from '../../cache/want.ts'
import { MINUTE } from '../../domain/clock.ts'
import type { EntryKey } from '../../domain/names.ts'
import { MIB } from '../../domain/units.ts'
import { type ApiAsk, USUAL_TYPE } from './api.ts'
import { lastingOf } from './lasting.ts'
import { type ApiCall, type Archive, type NamedResource, refOf, type StoredAsset } from './resource.ts'
import type { GithubSettings } from './settings.ts'

/** What a want depends on beside what is wanted. */
export interface WantContext {
  readonly settings: Pick<GithubSettings, 'refTtl' | 'tagTtl' | 'staleIfError' | 'maxFile'>
  /** The operator's token may go along. */
  readonly withToken: boolean
  /** Whether a redirect still leads to the same repository. */
  readonly mayFollow: (to: URL) => boolean
}

/** Answers of the API are asked for again after a minute, which costs nothing of the quota while they are the same. */
export const API_TTL = MINUTE
const LARGEST_ANSWER = 32 * MIB
const MISSING: Missing = {
  code: 'not_found',
  message: 'GitHub has no such file, or it is private',
  hint: 'check owner, repository, tag and file; the operator can name private ones in github.token_for',
}
const COMMON = { digest: undefined, missing: MISSING } as const

/** The name under which something of GitHub is known here. Owners and repositories have no case. */
export function githubKey(repository: string, ref: string): EntryKey {
  return { frontEnd: 'github', upstream: 'github', repository: repository.toLowerCase(), kind: 'file', ref }
}

/** How to get a file. */
export function fileWant(
  resource: Exclude<NamedResource, { kind: 'api' | 'latest' }>,
  context: WantContext,
): Want {
  const { settings } = context
  const lasting = lastingOf(resource)
  const ttl = lasting === 'tag' ? settings.tagTtl : settings.refTtl
  return {
    ...COMMON,
    key: githubKey(resource.repository, refOf(resource)),
    request: requestOf(addressOf(resource), context),
    freshness: lasting === 'always' ? { kind: 'immutable' } : revalidate(settings, { ttl, by: 'validator' }),
    maxBytes: settings.maxFile,
    keepHeaders: ['content-disposition'],
  }
}

/** How to get an answer of the API: a document, unless what is asked for are the bytes of a file. */
export function apiWant(call: ApiCall, ask: ApiAsk, context: WantContext): Want {
  const { settings } = context
  const by = ask.isFile ? 'validator' : 'etag'
  const query = call.query === '' ? '' : `?${call.query}`
  const name = call.area === 'gists' ? call.repository.slice('gist/'.length) : call.repository
  return {
    ...COMMON,
    key: githubKey(call.repository, `${refOf(call)}${areaOf(call)}${ask.suffix}`),
    request: {
      ...requestOf({ host: 'api.github.com', path: `/${call.area}/${name}${call.rest}${query}` }, context),
      accept: ask.accept,
      ...(ask.version === undefined ? {} : { own: { 'x-github-api-version': ask.version } }),
    },
    freshness: { ...revalidate(settings, { ttl: API_TTL, by }), metered: true },
    maxBytes: ask.isFile ? settings.maxFile : LARGEST_ANSWER,
    keepHeaders: ['link', 'x-github-media-type', 'content-disposition'],
  }
}

/** A user and an organisation may have one name. */
function areaOf({ area }: ApiCall): string {
  return area === 'users' || area === 'orgs' ? ` of ${area}` : ''
}

/** How to learn where an address of github.com leads; what it leads to is not fetched. */
export function pointerWant(
  { repository, ref, path }: { readonly repository: string; readonly ref: string; readonly path: string },
  context: WantContext,
): Want {
  const { settings } = context
  return {
    ...COMMON,
    key: githubKey(repository, ref),
    request: { ...requestOf({ host: 'github.com', path }, context), follow: false },
    freshness: revalidate(settings, { ttl: settings.refTtl, by: 'etag' }),
    maxBytes: 0,
    keepHeaders: ['location'],
    headOnly: true,
  }
}

/** How to learn what a repository of this number is called. */
export function numberWant(id: string, context: WantContext): Want {
  const { settings } = context
  return {
    ...COMMON,
    key: githubKey(`repositories/${id}`, 'api'),
    request: {
      ...requestOf({ host: 'api.github.com', path: `/repositories/${id}` }, context),
      accept: USUAL_TYPE,
    },
    freshness: { ...revalidate(settings, { ttl: settings.tagTtl, by: 'etag' }), metered: true },
    maxBytes: MIB,
    keepHeaders: [],
  }
}

/** How to get an asset by an address that was signed for somebody. Nothing of it is kept under that name. */
export function assetWant({ host, path, query }: StoredAsset, context: WantContext): Want {
  const address = { host, path: query === '' ? path : `${path}?${query}` }
  return {
    ...COMMON,
    key: githubKey('release-assets/signed', address.path),
    request: requestOf(address, { ...context, withToken: false }),
    freshness: { kind: 'immutable' },
    maxBytes: context.settings.maxFile,
    keepHeaders: ['content-disposition'],
    isKept: false,
  }
}

interface Asked {
  readonly host: string
  readonly path: string
}

function requestOf({ host, path }: Asked, { withToken, mayFollow }: WantContext): Want['request'] {
  return { upstream: host, path, withToken, mayFollow }
}

function revalidate(
  { staleIfError }: WantContext['settings'],
  { ttl, by }: { readonly ttl: number; readonly by: 'etag' | 'validator' },
): Extract<Freshness, { kind: 'revalidate' }> {
  return { kind: 'revalidate', ttl, staleIfError, whenDeleted: 'keep', by, metered: false }
}

function addressOf(resource: Exclude<NamedResource, { kind: 'api' | 'latest' }>): Asked {
  const { repository } = resource
  switch (resource.kind) {
    case 'release': {
      const { tag, file } = resource
      const path = `/${repository}/releases/download/${encodeURIComponent(tag)}/${encodeURIComponent(file)}`
      return { host: 'github.com', path }
    }
    case 'archive':
      return archiveAddress(resource)
    case 'raw':
      return { host: 'raw.githubusercontent.com', path: `/${repository}/${encoded(resource.path)}` }
    case 'media':
      return { host: 'media.githubusercontent.com', path: `/media/${repository}/${encoded(resource.path)}` }
    case 'gist': {
      const front = `/${resource.user}/${repository.slice('gist/'.length)}/raw`
      const path = resource.path === '' ? front : `${front}/${encoded(resource.path)}`
      return {
        host: resource.user === '' ? 'gist.github.com' : 'gist.githubusercontent.com',
        path: path.replace('//', '/'),
      }
    }
    default:
      return resource satisfies never
  }
}

const CODELOAD = { zip: 'zip', 'tar.gz': 'tar.gz', zipball: 'legacy.zip', tarball: 'legacy.tar.gz' } as const

function archiveAddress({ repository, format, ref, via }: Archive): Asked {
  const path = encoded(ref)
  if (via === 'codeload.github.com') return { host: via, path: `/${repository}/${CODELOAD[format]}/${path}` }
  if (via === 'api.github.com') return { host: via, path: `/repos/${repository}/${format}/${path}` }
  const isBall = format === 'zipball' || format === 'tarball'
  return {
    host: via,
    path: isBall ? `/${repository}/${format}/${path}` : `/${repository}/archive/${path}.${format}`,
  }
}

function encoded(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}
