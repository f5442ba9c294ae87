import { type ChecksumDatabase, parseDatabase } from '../domain/checksum-database.ts'
import { isRefusal, parseHost, parseUpstreamUrl, type Refusal, refuse } from './parsers.ts'

export function parseSumdb(text: string): ChecksumDatabase | Refusal {
  const hint =
    'must be a checksum database such as "sum.golang.org", "name+hash+key" or "name https://address"'
  return parseDatabase(text) ?? refuse(hint)
}

const GLOB_WORD = /^[\w.~*?-]+$/

/** A glob on module paths, "corp.example.com/**"; "go:" before it is taken away. */
export function parseModules(text: string): string | Refusal {
  const pattern = text.trim().replace(/^go:/i, '')
  const elements = pattern.split('/')
  const isHost = /[.*?]/.test(elements[0] ?? '')
  const good = isHost && elements.every((element) => GLOB_WORD.test(element))
  return good ? pattern : refuse('must be modules such as "corp.example.com/**"')
}

/** A glob on GitHub's repositories, "owner/repo" or "owner/*"; "github:" before it is taken away. */
export function parseGithubRepositories(text: string): string | Refusal {
  const pattern = text.trim().replace(/^github:/i, '')
  return /^[\w.*?-]+\/[\w.*?-]+$/.test(pattern)
    ? pattern
    : refuse('must be repositories such as "owner/repo" or "owner/*"')
}

/** A glob on repositories of the hub, "org/model" or "datasets/org/*"; "hf:" and "models/" are taken away. */
export function parseHfRepositories(text: string): string | Refusal {
  const pattern = text
    .trim()
    .replace(/^hf:/i, '')
    .replace(/^models\//, '')
  return /^(?:(?:datasets|spaces)\/)?[\w.*?-]+(?:\/[\w.*?-]+)?$/.test(pattern)
    ? pattern
    : refuse('must be repositories such as "org/model" or "datasets/org/*"')
}

/** What an upstream of modules is called, lower case. */
export function parseSourceName(text: string): string | Refusal {
  const name = parseHost(text, 'with port')
  return isRefusal(name) ? refuse('must be a name such as "goproxy.cn"') : name
}

/** "cdn.example.com", "cdn.example.com:8443" or "*.example.com", lower case. */
export function parseRedirectHost(text: string): string | Refusal {
  const host = text.trim().toLowerCase()
  const isSuffix = host.startsWith('*.')
  const plain = isSuffix ? parseHost(host.slice(2), 'without port') : parseHost(host, 'with port')
  return isRefusal(plain) ? refuse('must be a host such as "cdn.example.com" or "*.example.com"') : host
}

/** The end of a file's name, in lower case. */
export function parseSuffix(text: string): string | Refusal {
  const suffix = text.trim().toLowerCase().replace(/^\*/, '')
  return /^\.[a-z0-9._-]+$/.test(suffix) ? suffix : refuse('must be the end of names such as ".bin"')
}

/** A server of git repositories. */
export interface GitHost {
  /** As it stands in paths: "github.com", "git.example.com:8443". */
  readonly name: string
  /** Without a trailing slash. */
  readonly url: string
}

/** "git.example.com", which is asked by https, or "http://git.example.com:3000". */
export function parseGitHost(text: string): GitHost | Refusal {
  const word = text.trim().toLowerCase()
  const hint = refuse('must be a host such as "github.com", or "http://" with one')
  const url = parseUpstreamUrl(/^https?:\/\//.test(word) ? word : `https://${word}`)
  if (isRefusal(url)) return hint
  const { host, origin } = new URL(url)
  const isBare = url === origin && !isRefusal(parseHost(host, 'with port'))
  return isBare ? { name: host, url } : hint
}
