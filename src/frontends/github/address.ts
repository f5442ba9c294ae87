import { AppError } from '../../domain/errors.ts'
import type { GithubHost } from '../../domain/file-hosts.ts'
import { githubHost } from './hosts.ts'

/** An address of one of GitHub's hosts as somebody asked us for it. */
export interface Address {
  readonly host: GithubHost
  /** Raw, with its first slash. */
  readonly path: string
  /** Asked for below /sh/: addresses in scripts lead here. */
  readonly isScript: boolean
}

const LONGEST = 4096
/** git and git-lfs, which are another front end's. */
const GIT = /^\/[^/]+(?:\/[^/]+)?\/(?:info\/refs|info\/lfs(?:\/.*)?|git-(?:upload|receive)-pack)$/s

/**
 * Reads "/https://github.com/…", the same with one slash or with http, "/github.com/…" and "/gh/…", each also below
 * "/sh". Undefined for what is none of them, and for what git asks. Throws AppError `name_invalid` for addresses with a
 * login in them, `not_found` for those of other hosts.
 */
export function parseAddress(asked: string): Address | undefined {
  // Below a virtual host "/sh/https://…" comes with the prefix of all that is there.
  const whole = /^\/gh\/sh\/https?:/i.test(asked) ? asked.slice('/gh'.length) : asked
  const isScript = whole.startsWith('/sh/')
  const address = isScript ? whole.slice('/sh'.length) : whole
  const found = address.startsWith('/gh/') ? shortcut(address) : written(address)
  if (found === undefined) {
    if (isScript) throw elsewhere()
    return undefined
  }
  if (asked.length > LONGEST) throw new AppError('name_invalid', { message: 'the address is too long' })
  return isOfGit(found) ? undefined : { ...found, isScript }
}

type Place = Omit<Address, 'isScript'>

function shortcut(address: string): Place {
  return { host: 'github.com', path: address.slice('/gh'.length) }
}

function written(address: string): Place | undefined {
  const [, scheme, authority = '', path = '/'] =
    /^\/(?:(https?):\/{1,2})?([^/]*)(\/.*)?$/is.exec(address) ?? []
  const at = authority.lastIndexOf('@')
  const host = githubHost(authority.slice(at + 1))
  if (host === undefined) {
    if (scheme === undefined || isAskedByGit(path)) return undefined
    throw elsewhere()
  }
  if (at < 0) return { host, path }
  throw new AppError('name_invalid', {
    message:
      'a login in an address is passed on to nobody: the operator can set github.token_file and token_for',
  })
}

function elsewhere(): AppError {
  return new AppError('not_found', {
    message: 'this is no address of GitHub, and no other is passed on here',
  })
}

function isOfGit({ host, path }: Place): boolean {
  return (host === 'github.com' || host === 'gist.github.com') && isAskedByGit(path)
}

/** Of a server that is not GitHub's, a repository may lie anywhere. */
function isAskedByGit(path: string): boolean {
  return GIT.test(path) || /\.git\/(?:info|git-)/.test(path)
}
