import { AppError } from '../../domain/errors.ts'
import type { GithubHost } from '../../domain/file-hosts.ts'
import type { ArchiveFormat, GithubResource } from './resource.ts'

export interface PathAsk {
  readonly host: GithubHost
  /** Raw, with its first slash. */
  readonly path: string
  /** Raw, without its question mark. */
  readonly query: string
}

/**
 * What a path of one of GitHub's hosts names. Everything is decoded once. Throws AppError `name_invalid` for what no
 * file is called, `not_found` for what is there to be looked at: pages are not passed on.
 */
export function parseGithubPath(ask: PathAsk): GithubResource {
  requireNoSecret(ask)
  const resource = READERS[ask.host](ask)
  if (resource !== undefined) return resource
  throw new AppError('not_found', {
    message: 'this cache has files of GitHub: releases, archives, raw files, gists and the API; no pages',
  })
}

type Reader = (ask: PathAsk) => GithubResource | undefined

const READERS: Readonly<Record<GithubHost, Reader>> = {
  'github.com': ofPages,
  'codeload.github.com': ofArchives,
  'raw.githubusercontent.com': (ask) => ofTree('raw', namesIn(ask)),
  'media.githubusercontent.com': (ask) => ofMedia(namesIn(ask)),
  'gist.github.com': ofGistPages,
  'gist.githubusercontent.com': ofGists,
  'api.github.com': ofApi,
  'objects.githubusercontent.com': (ask) => ofStorage(ask, 'objects.githubusercontent.com'),
  'release-assets.githubusercontent.com': (ask) => ofStorage(ask, 'release-assets.githubusercontent.com'),
  'github-cloud.githubusercontent.com': () => undefined,
}

/** Where such a thing stands in an address, it is somebody's. Storage is asked by nothing else. */
function requireNoSecret({ host, query }: PathAsk): void {
  const isSigned = host === 'objects.githubusercontent.com' || host === 'release-assets.githubusercontent.com'
  if (isSigned || !/(?:^|&)(?:token|access_token|client_secret)=/i.test(query)) return
  throw new AppError('name_invalid', {
    message:
      'a token in an address is passed on to nobody: the operator can set github.token_file and token_for',
  })
}

/** Names between slashes, decoded. `slashes`: an encoded one may stand for itself. */
function namesIn({ path }: PathAsk, slashes: 'none' | 'encoded' = 'none'): readonly string[] {
  const decoded = path.slice(1).split('/').map(decode)
  const names = slashes === 'encoded' ? decoded.flatMap((name) => name.split('/')) : decoded
  if (names.every(isName)) return names
  throw invalid('the address has a part that no file has')
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid('the address is not encoded as addresses are')
  }
}

function isName(name: string): boolean {
  // oxlint-disable-next-line no-control-regex -- no file has such a name
  return name !== '' && name !== '.' && name !== '..' && !/[\x00-\x1f\x7f/\\]/.test(name)
}

function invalid(message: string): AppError {
  return new AppError('name_invalid', { message })
}

/** Throws for what is no repository: owners and names are what rules are about. */
function repositoryOf(owner: string | undefined, name: string | undefined): string {
  const bare = name?.replace(/\.git$/i, '') ?? ''
  const isOwner = /^[a-z0-9-][\w-]{0,38}$/i.test(owner ?? '') && owner?.toLowerCase() !== 'gist'
  if (!isOwner || !/^[\w.-]{1,100}$/.test(bare) || /^\.+$/.test(bare))
    throw invalid('malformed owner or repository')
  return `${owner}/${bare}`
}

function gistOf(id: string | undefined): string {
  const bare = id?.replace(/\.git$/i, '') ?? ''
  if (!/^[0-9a-f]{1,64}$/i.test(bare)) throw invalid('malformed gist')
  return `gist/${bare.toLowerCase()}`
}

function ofPages(ask: PathAsk): GithubResource | undefined {
  const plain = ask.path.split('/')
  if (plain.length < 4) return undefined
  const isRelease = plain[3] === 'releases'
  const [owner, name, area, ...rest] = namesIn(ask, isRelease ? 'encoded' : 'none')
  const repository = repositoryOf(owner, name)
  if (isRelease) return ofReleases(repository, rest)
  if (area === 'archive') return ofNamedArchive(repository, rest.join('/'))
  if (area === 'zipball' || area === 'tarball')
    return { kind: 'archive', repository, format: area, ref: rest.join('/') || 'HEAD', via: 'github.com' }
  if ((area !== 'raw' && area !== 'blob') || rest.length < 2) return undefined
  return { kind: 'raw', repository, path: rest.join('/'), isPage: true }
}

/** The names of tags may have slashes, those of files have none. */
function ofReleases(repository: string, names: readonly string[]): GithubResource | undefined {
  const [first, second, ...rest] = names
  const [file] = rest
  if (first === 'latest' && second === 'download' && file !== undefined && rest.length === 1)
    return { kind: 'latest', repository, file }
  if (first !== 'download' || second === undefined || rest.length === 0) return undefined
  const last = rest.at(-1) ?? ''
  return { kind: 'release', repository, tag: [second, ...rest.slice(0, -1)].join('/'), file: last }
}

function ofNamedArchive(repository: string, name: string): GithubResource | undefined {
  const [, ref, format] = /^(.+)\.(zip|tar\.gz)$/s.exec(name) ?? []
  if (ref === undefined || (format !== 'zip' && format !== 'tar.gz')) return undefined
  return { kind: 'archive', repository, format, ref, via: 'github.com' }
}

const FORMATS: Readonly<Record<string, ArchiveFormat>> = {
  zip: 'zip',
  'tar.gz': 'tar.gz',
  'legacy.zip': 'zipball',
  'legacy.tar.gz': 'tarball',
}

/** Archives of gists lie there as those of an owner called "gist". */
function ofArchives(ask: PathAsk): GithubResource | undefined {
  const [owner, name, written = '', ...rest] = namesIn(ask)
  const format = Object.hasOwn(FORMATS, written) ? FORMATS[written] : undefined
  if (format === undefined || rest.length === 0) return undefined
  const repository = owner === 'gist' ? gistOf(name) : repositoryOf(owner, name)
  return { kind: 'archive', repository, format, ref: rest.join('/'), via: 'codeload.github.com' }
}

function ofTree(kind: 'raw' | 'media', names: readonly string[]): GithubResource | undefined {
  const [owner, name, ...rest] = names
  if (rest.length < 2) return undefined
  const repository = repositoryOf(owner, name)
  const path = rest.join('/')
  return kind === 'raw' ? { kind, repository, path, isPage: false } : { kind, repository, path }
}

function ofMedia(names: readonly string[]): GithubResource | undefined {
  return names[0] === 'media' ? ofTree('media', names.slice(1)) : undefined
}

/** "/user/id/raw/…", or without the user. */
function ofGistPages(ask: PathAsk): GithubResource | undefined {
  const names = namesIn(ask)
  return names[1] === 'raw' ? ofGist('', names) : ofGist(names[0] ?? '', names.slice(1))
}

function ofGists(ask: PathAsk): GithubResource | undefined {
  const [user = '', ...rest] = namesIn(ask)
  return ofGist(user, rest)
}

function ofGist(user: string, [id, area, ...rest]: readonly string[]): GithubResource | undefined {
  if (area !== 'raw') return undefined
  if (!/^[\w-]{0,39}$/.test(user)) throw invalid('malformed owner')
  return { kind: 'gist', repository: gistOf(id), user, path: rest.join('/') }
}

/** Paths of the API are passed on as they came, with what they say of names in them looked at. */
function ofApi(ask: PathAsk): GithubResource | undefined {
  const names = namesIn(ask, 'encoded')
  const raw = ask.path.slice(1).split('/')
  const [area] = names
  const [first, second] = raw.slice(1, 3).map(decode)
  if (!/^[\w.~%!$&'()*+,;=:@/?-]*$/.test(`${ask.path}${ask.query}`))
    throw invalid('malformed address of the API')
  const { query } = ask
  const restFrom = (at: number): string =>
    raw
      .slice(at)
      .map((name) => `/${name}`)
      .join('')
  if (area === 'repos' && raw.length >= 3)
    return apiOfRepository(repositoryOf(first, second), { rest: restFrom(3), query, names: names.slice(3) })
  if (area === 'gists' && raw.length >= 2)
    return { kind: 'api', repository: gistOf(first), area, rest: restFrom(2), query }
  if ((area !== 'users' && area !== 'orgs') || raw.length < 2) return undefined
  const [owner] = repositoryOf(first, 'any').split('/')
  return { kind: 'api', repository: owner ?? '', area, rest: restFrom(2), query }
}

function apiOfRepository(
  repository: string,
  { rest, query, names }: { rest: string; query: string; names: readonly string[] },
): GithubResource {
  const [area, ...ref] = names
  if (area !== 'zipball' && area !== 'tarball') return { kind: 'api', repository, area: 'repos', rest, query }
  const all = ref.join('/') || 'HEAD'
  return { kind: 'archive', repository, format: area, ref: all, via: 'api.github.com' }
}

function ofStorage(
  { path, query }: PathAsk,
  host: 'objects.githubusercontent.com' | 'release-assets.githubusercontent.com',
): GithubResource | undefined {
  const [, repositoryId] =
    /^\/github-production-release-asset(?:-[0-9a-f]{1,40})?\/(\d{1,15})\/[\w-]{1,80}$/.exec(path) ?? []
  if (repositoryId === undefined) return undefined
  if (!/^[\w.~%!$'()*+,;=:@/?&-]{0,3000}$/.test(query)) throw invalid('malformed signature')
  return { kind: 'asset', host, repositoryId, path, query }
}
