import { AppError } from '../../domain/errors.ts'

/** A repository as somebody asked us for it. */
export interface Address {
  /** Lower case, with a port where that is not the usual one. */
  readonly host: string
  /** Raw, "/owner/repo.git". */
  readonly path: string
}

export type GitOp =
  | { readonly kind: 'refs'; readonly address: Address; readonly service: string | undefined }
  | { readonly kind: 'upload-pack'; readonly address: Address }
  /** A push, or an upload of large files. */
  | { readonly kind: 'push'; readonly address: Address; readonly what: 'git' | 'locks' }
  | { readonly kind: 'batch'; readonly address: Address }
  | { readonly kind: 'file'; readonly oid: string; readonly query: string }

export interface GitAsk {
  readonly method: string
  /** Raw, without pull key. */
  readonly path: string
  readonly query: string
}

/** What git and git-lfs ask of a repository, at the end of its path. */
const ASKED = /^(.*?)\/(info\/refs|git-upload-pack|git-receive-pack|info\/lfs\/.*)$/s
const FILE = /^\/_lfs\/([^/]*)$/
const LONGEST = 2048

/**
 * What git or git-lfs wants; undefined for a path that is none of theirs. Throws AppError `name_invalid` for what no
 * repository is called, `unsupported` for methods they do not use.
 */
export function parseGitPath({ method, path, query }: GitAsk): GitOp | undefined {
  const file = FILE.exec(path)
  if (file !== null) return parseFile(method, file[1] ?? '', query)
  const [, before, rest = ''] = ASKED.exec(path) ?? []
  const address = before === undefined ? undefined : parseAddress(before)
  if (address === undefined) return undefined
  if (path.length > LONGEST) throw invalid('the address is too long')
  return parseRest({ method, query }, rest, address)
}

function parseFile(method: string, oid: string, query: string): GitOp {
  if (method !== 'GET' && method !== 'HEAD') throw unsupported()
  if (!/^[0-9a-f]{64}$/.test(oid)) throw new AppError('digest_invalid')
  return { kind: 'file', oid, query }
}

function parseRest(
  { method, query }: Pick<GitAsk, 'method' | 'query'>,
  rest: string,
  address: Address,
): GitOp {
  switch (rest) {
    case 'info/refs':
      if (method !== 'GET') throw unsupported()
      return { kind: 'refs', address, service: new URLSearchParams(query).get('service') ?? undefined }
    case 'git-upload-pack':
      if (method !== 'POST') throw unsupported()
      return { kind: 'upload-pack', address }
    case 'git-receive-pack':
      return { kind: 'push', address, what: 'git' }
    case 'info/lfs/objects/batch':
      if (method !== 'POST') throw unsupported()
      return { kind: 'batch', address }
    default:
      if (/^info\/lfs\/locks(?:\/|$)/.test(rest)) return { kind: 'push', address, what: 'locks' }
      throw new AppError('not_found', { message: 'git-lfs has no such address' })
  }
}

/** "/https://host/…", also with one slash or with http, "/host/…", and "/gh/…" for github.com. */
function parseAddress(before: string): Address | undefined {
  const [, authority = '', path = ''] = /^\/(?:https?:\/{1,2})?([^/]*)(\/.*)?$/is.exec(before) ?? []
  if (authority === 'gh' && before.startsWith('/gh/')) return { host: 'github.com', path: checked(path) }
  // Hosts have a dot or a port; what has none is a folder of ours.
  const isWritten = /^\/https?:/i.test(before)
  if (!isWritten && !/[.:]/.test(authority)) return undefined
  if (authority.includes('@'))
    throw invalid(
      'a login in an address is passed on to nobody: clone private repositories from their server',
    )
  const host = authority.toLowerCase().replace(isWritten && /^\/http:/i.test(before) ? /:80$/ : /:443$/, '')
  if (!/^[a-z0-9.-]{1,253}(?::\d{1,5})?$/.test(host)) throw invalid('malformed host')
  return { host, path: checked(path) }
}

const PART = /^[\w~+][\w.~+-]{0,99}$/

function checked(path: string): string {
  const parts = path.slice(1).split('/')
  const isRight = parts.length <= 12 && parts.every((part) => PART.test(part) && !part.includes('..'))
  if (!isRight) throw invalid('malformed repository')
  return path
}

/** As people and rules name it: "github.com/owner/repo". Where case means nothing, it is lower case. */
export function repositoryOf({ host, path }: Address): string {
  const bare = path.slice(1).replace(/\.git$/, '')
  if (host !== 'github.com') return `${host}/${bare}`
  if (!/^[a-z0-9-]{1,39}\/[\w.-]{1,100}$/i.test(bare)) throw invalid('malformed owner or repository')
  return `${host}/${bare.toLowerCase()}`
}

function invalid(message: string): AppError {
  return new AppError('name_invalid', { message })
}

function unsupported(): AppError {
  return new AppError('unsupported', { message: 'git does not ask it that way' })
}
