import { AppError } from '../domain/errors.ts'
import { DOCKER_HUB } from '../domain/names.ts'
import { because } from '../domain/reasons.ts'

const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/
const LONGEST_NAME = 255
/** What Docker Hub's registry is called, and its pages are found under. */
const HOSTS: ReadonlySet<string> = new Set([
  DOCKER_HUB,
  'index.docker.io',
  'registry-1.docker.io',
  'registry.hub.docker.com',
  'hub.docker.com',
])
const LEAST_WORDS = 2
const MOST_WORDS = 100

/** "library/nginx" for "nginx"; undefined for what cannot be a repository of Docker Hub: these have two parts. */
export function repositoryOf(path: string): string | undefined {
  const parts = path.length > LONGEST_NAME ? [] : path.split('/')
  const [namespace, name] = parts.length === 1 ? ['library', ...parts] : parts
  const isName = parts.length <= 2 && namespace !== undefined && name !== undefined
  if (!isName || !COMPONENT.test(namespace) || !COMPONENT.test(name)) return undefined
  return `${namespace}/${name}`
}

/**
 * The repository of Docker Hub that is meant by "nginx", "grafana/grafana", "docker.io/library/nginx:1.27" or the address
 * of its page. Throws AppError `bad_request` for everything else.
 */
export function namedRepository(text: string): string {
  const { host, path } = partsOf(text.trim().toLowerCase())
  const repository = isElsewhere(host) ? undefined : repositoryOf(path)
  if (repository === undefined) throw noName(text.trim())
  return repository
}

function isElsewhere(host: string | undefined): boolean {
  return host !== undefined && !HOSTS.has(host)
}

function noName(text: string): AppError {
  const example = 'docker.io/grafana/grafana'
  return new AppError('bad_request', because('hub_name', { name: text.slice(0, MOST_WORDS), example }))
}

/**
 * What Docker Hub is asked for: lower case, one blank between words. Of a reference ("docker.io/library/php:8.3-apache")
 * only what it calls the repository. Throws AppError `bad_request` for what is too short or too long, and for references
 * of other registries: what is called so there is none of Docker Hub's business.
 */
export function searchedWords(text: string): string {
  const words = text
    .trim()
    .toLowerCase()
    .split(/[\s\p{Cc}]+/u)
  const other = words.find((word) => isElsewhere(partsOf(word).host))
  if (other !== undefined) throw noName(other)
  const question = words.length === 1 ? withoutRest(words.join()) : words.join(' ').trim()
  const { length } = question
  if (length < LEAST_WORDS) throw new AppError('bad_request', because('hub_short', { least: LEAST_WORDS }))
  if (length > MOST_WORDS) throw new AppError('bad_request', because('hub_long', { most: MOST_WORDS }))
  return question
}

function withoutRest(word: string): string {
  const { path } = partsOf(word)
  return path.replace(/^library\//, '') || word
}

const SCHEME = /^[a-z]+:\/\//
const DIGEST = /@[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-f0-9]*$/
/** "localhost:5000", "registry.example.com", with or without a login; ".net" is none. */
const HOST =
  /^(?:[^@]*@)?(?:localhost|[\p{L}\p{N}][\p{L}\p{N}_.-]*[.:][\p{L}\p{N}_-]+\.?|\[[0-9a-f:.]+\](?::\d+)?)$/u

/** Scheme, tag and digest do not tell a repository, and neither does what stands around it in an address. */
function partsOf(text: string): { readonly host: string | undefined; readonly path: string } {
  const isAddress = SCHEME.test(text) || text.startsWith('hub.docker.com/')
  const address = isAddress ? text.replace(SCHEME, '').replace(/[?#].*$/s, '') : text
  const plain = address.replace(DIGEST, '')
  const colon = plain.lastIndexOf(':')
  const name = colon > plain.lastIndexOf('/') ? plain.slice(0, colon) : plain
  const [first = '', ...rest] = name.split('/').filter((part) => part !== '')
  const isHost = HOSTS.has(first) || ((isAddress || rest.length > 0) && HOST.test(first))
  if (!isHost) return { host: undefined, path: [first, ...rest].join('/') }
  return { host: first, path: first === 'hub.docker.com' ? pathOnPage(rest) : rest.join('/') }
}

/** "/_/nginx", "/r/grafana/grafana", "/r/grafana/grafana/tags" */
function pathOnPage([kind = '', ...rest]: readonly string[]): string {
  if (kind === '_') return rest.slice(0, 1).join('/')
  return kind === 'r' || kind === 'repository' ? rest.slice(0, 2).join('/') : [kind, ...rest].join('/')
}
