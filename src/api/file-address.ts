import type { Config } from '../config/config.ts'
import { AppError } from '../domain/errors.ts'
import { HF_HOST } from '../domain/file-hosts.ts'
import { because } from '../domain/reasons.ts'
import { githubHost } from '../frontends/github/hosts.ts'
import { parseGoPath } from '../frontends/go/path.ts'
import { parseHfPath } from '../frontends/hf/path.ts'
import {
  type AskedFile,
  askedModule,
  askedOfGit,
  githubFile,
  hubFile,
  hubRepo,
  parseAskedName,
} from './asked-file.ts'

export type AddressConfig = Pick<Config, 'huggingface' | 'fileUpstreams' | 'git' | 'server'>

/**
 * What a name ("hf:org/model") or an address means: of GitHub, of the hub, of a module proxy, of a server of git that is
 * mirrored, or of this cache itself. `own`: hosts by which it is known. Undefined for all else, names of images among
 * it. Throws AppError for addresses of ours that lead to no file.
 */
export function parseAsked(
  text: string,
  config: AddressConfig,
  own: readonly string[] = [],
): AskedFile | undefined {
  // Half a character has no place in an address.
  if (!text.isWellFormed()) throw noFile()
  try {
    return parseText(text.trim(), config, own)
  } catch (error) {
    if (!isOfProtocol(error)) throw error
    const { message, why } = error
    throw new AppError('bad_request', { message, cause: error, ...(why === undefined ? {} : { why }) })
  }
}

/** What front ends say of paths; what they advise then is for their clients. */
function isOfProtocol(error: unknown): error is AppError {
  return error instanceof AppError && (error.code === 'name_invalid' || error.code === 'not_found')
}

function parseText(name: string, config: AddressConfig, own: readonly string[]): AskedFile | undefined {
  const known = parseAskedName(name) ?? repositoryByLogin(name, config)
  if (known !== undefined) return known
  const { publicUrl } = config.server
  const ours = new Set([...own, ...(publicUrl === undefined ? [] : [new URL(publicUrl).host])])
  const place = placeIn(name, ours)
  if (place === undefined) return undefined
  return ours.has(place.host) ? belowUs(place, config) : atHost(place, config)
}

/** The same for what is to be fetched or looked up: an address that leads to no file names no image either. */
export function requireAsked(text: string, config: AddressConfig): AskedFile | undefined {
  const asked = parseAsked(text, config)
  if (asked === undefined && /^[a-z]+:\/\//i.test(text.trim())) throw noFile()
  return asked
}

interface Place {
  /** Lower case, without the usual port of its scheme. */
  readonly host: string
  /** Encoded. */
  readonly path: string
  /** Without its question mark. */
  readonly query: string
}

/** Hosts in front of which people leave the scheme away; any other one may be a registry. */
const BARE = new Set([HF_HOST, 'hf.co', 'proxy.golang.org', 'pkg.go.dev'])

function placeIn(text: string, ours: ReadonlySet<string>): Place | undefined {
  const [first = '', ...rest] = text.split('/')
  const host = first.toLowerCase()
  const isBare = rest.length > 0 && (githubHost(host) !== undefined || BARE.has(host) || ours.has(host))
  const url = URL.parse(isBare ? `https://${text}` : text)
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined
  if (url.username !== '' || url.password !== '') throw noFile()
  return { host: url.host, path: url.pathname, query: url.search.slice(1) }
}

/** "git@github.com:owner/repo.git", "ssh://git@github.com/owner/repo", "git://…": its history, without the login. */
function repositoryByLogin(text: string, config: AddressConfig): AskedFile | undefined {
  const [, host = '', path = ''] =
    /^(?:ssh:\/\/)?git@([^/:@\s]+)[:/](?:\d+\/)?([^\s:@]+)$/.exec(text) ??
    /^(?:ssh|git):\/\/([^/:@\s]+)\/([^\s:@]+)$/.exec(text) ??
    []
  return host === '' ? undefined : repositoryAt({ host: host.toLowerCase(), path: `/${path}` }, config)
}

function atHost(place: Place, config: AddressConfig): AskedFile | undefined {
  if (githubHost(place.host) !== undefined) return isOfImages(place) ? undefined : githubAt(place)
  const path = hubPath(place, config)
  if (path !== undefined) return hubAt(path)
  return moduleAt(place, config) ?? repositoryAt(place, config)
}

/** "/owner/repo", and pages about its branches. */
const HISTORY = /^\/([^/]+)\/([^/]+?)(?:\.git)?\/?(?:(?:tree|commits?|branches|tags)(?:\/.*)?)?$/s

/** Pages about images at ghcr.io. */
function isOfImages({ path }: Place): boolean {
  return /^\/[^/]+\/[^/]+\/pkgs\//.test(path) || /^\/(?:orgs|users)\/[^/]+\/packages\//.test(path)
}

function githubAt(place: Place): AskedFile {
  const [, owner, name] = githubHost(place.host) === 'github.com' ? (HISTORY.exec(place.path) ?? []) : []
  return owner === undefined ? githubFile(place) : askedOfGit(`/https://github.com/${owner}/${name}`)
}

/** The path at the hub, without what its address has in front of it; undefined for other hosts. */
function hubPath({ host, path }: Place, { huggingface }: AddressConfig): string | undefined {
  if (host === HF_HOST || host === `www.${HF_HOST}` || host === 'hf.co') return path
  const { host: own, pathname } = new URL(huggingface.url)
  const prefix = pathname.replace(/\/+$/, '')
  return host === own && path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : undefined
}

/** "/org/name", "/datasets/name", perhaps with a revision behind it. */
const ALL =
  /^\/((?:datasets\/|spaces\/)?[^/]+(?:\/[^/]+)?)(?:\/tree\/([^/]+|refs\/(?:pr|convert)\/[^/]+))?\/?$/s
const PAGE = /^(\/(?:datasets\/|spaces\/)?[^/]+(?:\/[^/]+)?)\/blob\//s

function hubAt(path: string): AskedFile {
  if (path.startsWith('/api/')) {
    const resource = parseHfPath(`/hf${path}`, '')
    if (resource?.kind !== 'info' && resource?.kind !== 'tree') throw noFile()
    const { type, name } = resource.repo
    return hubRepo(type === 'models' ? name : `${type}/${name}`, resource.revision)
  }
  const [, short, revision] = ALL.exec(path) ?? []
  if (short === undefined) return hubFile(`/hf${path.replace(PAGE, '$1/resolve/')}`)
  return hubRepo(short, revision === undefined ? undefined : decoded(revision))
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw noFile()
  }
}

/** What the proxies are that most people ask; others count where they are configured. */
const PROXIES = ['https://proxy.golang.org', 'https://goproxy.cn', 'https://goproxy.io']

function moduleAt({ host, path }: Place, { fileUpstreams }: AddressConfig): AskedFile | undefined {
  if (host === 'pkg.go.dev') {
    const [module = '', version] = decoded(path.slice(1)).replace(/\/$/, '').split('@', 2)
    return askedModule(module, version)
  }
  const configured = fileUpstreams.filter(({ frontEnd }) => frontEnd === 'go').map(({ url }) => url)
  for (const base of [...PROXIES, ...configured].map((url) => new URL(url))) {
    const prefix = base.pathname.replace(/\/+$/, '')
    if (host === base.host && path.startsWith(`${prefix}/`)) return moduleOf(path.slice(prefix.length))
  }
  return undefined
}

/** Lists, and what a module is asked for without saying which version, mean the latest one. */
function moduleOf(path: string): AskedFile {
  const resource = parseGoPath(`/go${path}`)
  if (resource === undefined || resource.kind === 'sumdb') throw noFile()
  if (resource.kind === 'file') return askedModule(resource.module, resource.version)
  return askedModule(resource.module, resource.kind === 'query' ? resource.query : undefined)
}

function repositoryAt(
  { host, path }: Pick<Place, 'host' | 'path'>,
  { git }: AddressConfig,
): AskedFile | undefined {
  if (githubHost(host) !== 'github.com' && git.hosts.every(({ name }) => name !== host)) return undefined
  return askedOfGit(`/https://${host}${path.replace(/\/+$/, '').replace(/\.git$/, '')}`)
}

/** What this cache itself has under a path. */
function belowUs(place: Place, config: AddressConfig): AskedFile | undefined {
  const { path, query } = place
  if (path.startsWith('/hf/')) return hubAt(path.slice('/hf'.length))
  if (path.startsWith('/go/')) return moduleOf(path.slice('/go'.length))
  const [, address] =
    /^\/(?:sh\/)?(?:https?:\/{1,2})?(.+)$/s.exec(path.replace(/^\/gh\//, '/github.com/')) ?? []
  const [first = ''] = (address ?? '').split('/', 1)
  // Everything else is a name of an image, as it always was.
  const isOfFiles = githubHost(first) !== undefined || /^\/(?:sh\/)?https?:/.test(path)
  if (address === undefined || !isOfFiles) return undefined
  const mark = query === '' ? '' : `?${query}`
  const inner = placeIn(`https://${address}${mark}`, new Set())
  return inner === undefined ? undefined : atHost(inner, config)
}

function noFile(): AppError {
  return new AppError('bad_request', because('file_address'))
}
