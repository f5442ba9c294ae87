import { AppError } from '../../domain/errors.ts'
import { isCommit, isFilePath, isNamePart, isRepoType, isRevision, type Repo, type RepoType } from './name.ts'
import { queryOf } from './query.ts'

/** What a path names. Revisions and paths are decoded. */
export type HfResource =
  /** raw: as git has it, which is a pointer where the content is kept elsewhere. */
  | { readonly kind: 'file' | 'raw'; readonly repo: Repo; readonly revision: string; readonly path: string }
  /** What the hub says about a repository, a folder of it, or its history, at some revision. */
  | {
      readonly kind: 'info' | 'tree' | 'commits'
      readonly repo: Repo
      readonly revision: string
      /** "" for all of it. */
      readonly path: string
      readonly query: string
    }
  /** What it says about some paths, which stand in the body. */
  | { readonly kind: 'paths'; readonly repo: Repo; readonly revision: string }
  | { readonly kind: 'refs'; readonly repo: Repo; readonly query: string }
  /** Whether it may be had at all. */
  | { readonly kind: 'access'; readonly repo: Repo; readonly query: string }
  | { readonly kind: 'search'; readonly type: RepoType; readonly query: string }
  /** Which file llama.cpp should take. */
  | { readonly kind: 'manifest'; readonly repo: Repo; readonly tag: string }
  | { readonly kind: 'whoami' }

const LONGEST = 4096
const DEFAULT_REVISION = 'main'

/**
 * The raw path and query of a request below "/hf", or undefined for a path that is none of ours. Everything is decoded
 * exactly once. Throws AppError: `name_invalid` for what cannot be a name, `not_found` for what the hub has and we do not.
 */
export function parseHfPath(path: string, query: string): HfResource | undefined {
  if (path !== '/hf' && !path.startsWith('/hf/')) return undefined
  if (path.length + query.length > LONGEST) throw invalid('the address is too long')
  const raw = path.slice('/hf/'.length).split('/')
  const parts = raw.map(decode)
  if (parts[0] === 'api') return parseApi(parts.slice(1), query)
  return parts[0] === 'v2' ? parseManifest(parts.slice(1)) : parseFile(parts)
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw invalid('the path is not encoded as addresses are')
  }
}

const WORDS = { resolve: 'file', raw: 'raw' } as const

function wordOf(part: string | undefined): 'file' | 'raw' | undefined {
  return part === 'resolve' || part === 'raw' ? WORDS[part] : undefined
}

/** [type] name resolve revision path. A name has one component or two, and may be a word itself. */
function parseFile(parts: readonly string[]): HfResource {
  const [first = ''] = parts
  const type = isRepoType(first) && first !== 'models' ? first : 'models'
  const rest = type === 'models' ? parts : parts.slice(1)
  const at = [2, 1].find((i) => wordOf(rest[i]) !== undefined && rest.length > i + 2)
  const kind = at === undefined ? undefined : wordOf(rest[at])
  if (at === undefined || kind === undefined) throw absent('only files and /hf/api are served here')
  const [revision, path] = splitRevision(rest.slice(at + 1))
  return { kind, repo: repoOf(type, rest.slice(0, at)), revision, path: fileOf(path) }
}

function parseApi(parts: readonly string[], query: string): HfResource {
  const [type = '', ...rest] = parts
  if (type === 'whoami-v2' && rest.length === 0) return { kind: 'whoami' }
  if (type === 'resolve-cache') return parseResolved(rest)
  if (!isRepoType(type)) throw absent('this part of the hub is not served here')
  if (rest.length === 0) return { kind: 'search', type, query: queryOf('search', query) }
  const at = [2, 1].find((i) => isEndpoint(rest[i]))
  if (at === undefined) return infoOf(repoOf(type, rest), DEFAULT_REVISION, query)
  const repo = repoOf(type, rest.slice(0, at))
  return parseEndpoint(repo, rest.slice(at), query)
}

const ENDPOINTS = new Set([
  'revision',
  'tree',
  'commits',
  'paths-info',
  'refs',
  'auth-check',
  'xet-read-token',
  'xet-write-token',
])

function isEndpoint(part: string | undefined): boolean {
  return part !== undefined && ENDPOINTS.has(part)
}

function parseEndpoint(repo: Repo, [word = '', ...rest]: readonly string[], query: string): HfResource {
  if (word.startsWith('xet-')) throw absent('files come from here itself, without Xet')
  if (word === 'refs' || word === 'auth-check') {
    if (rest.length > 0) throw absent('no such part of a repository')
    return { kind: word === 'refs' ? 'refs' : 'access', repo, query: queryOf(word, query) }
  }
  const [revision, path] = splitRevision(rest)
  if (word === 'tree') return treeOf(repo, { revision, path, query })
  if (path !== '') throw absent('no such part of a repository')
  if (word === 'paths-info') return { kind: 'paths', repo, revision }
  if (word === 'revision') return infoOf(repo, revision, query)
  return { kind: 'commits', repo, revision, path: '', query: queryOf('commits', query) }
}

function infoOf(repo: Repo, revision: string, query: string): HfResource {
  return { kind: 'info', repo, revision, path: '', query: queryOf('info', query) }
}

function treeOf(
  repo: Repo,
  { revision, path, query }: { revision: string; path: string; query: string },
): HfResource {
  const folder = path.replace(/\/$/, '')
  return {
    kind: 'tree',
    repo,
    revision,
    path: folder === '' ? '' : fileOf(folder),
    query: queryOf('tree', query),
  }
}

/** Where the hub sends clients for small files: type name commit path. */
function parseResolved([type = '', ...rest]: readonly string[]): HfResource {
  const at = [2, 1].find((i) => isCommit(rest[i] ?? ''))
  if (at === undefined || !isRepoType(type)) throw absent('no such file')
  const path = fileOf(rest.slice(at + 1).join('/'))
  return { kind: 'file', repo: repoOf(type, rest.slice(0, at)), revision: rest[at] ?? '', path }
}

/** org name "manifests" tag */
function parseManifest(parts: readonly string[]): HfResource {
  const [org = '', name = '', word, tag = ''] = parts
  if (word !== 'manifests' || parts.length !== 4) throw absent('no registry is here')
  if (!/^[\w.-]{1,128}$/.test(tag)) throw invalid('malformed tag')
  return { kind: 'manifest', repo: repoOf('models', [org, name]), tag }
}

/** Pull requests and converted datasets have revisions of several components, which clients may leave unencoded. */
function splitRevision(parts: readonly string[]): readonly [revision: string, path: string] {
  const isLong = parts[0] === 'refs' && (parts[1] === 'pr' || parts[1] === 'convert') && parts.length > 2
  const count = isLong ? 3 : 1
  const revision = parts.slice(0, count).join('/')
  if (!isRevision(revision)) throw invalid('malformed revision')
  return [revision, parts.slice(count).join('/')]
}

function repoOf(type: RepoType, parts: readonly string[]): Repo {
  const isNamed = parts.length === 1 || parts.length === 2
  if (!isNamed || !parts.every(isNamePart)) throw invalid('malformed name of a repository')
  return { type, name: parts.join('/') }
}

function fileOf(path: string): string {
  if (!isFilePath(path)) throw invalid('malformed path of a file')
  return path
}

function invalid(message: string): AppError {
  return new AppError('name_invalid', { message })
}

function absent(message: string): AppError {
  return new AppError('not_found', { message })
}
