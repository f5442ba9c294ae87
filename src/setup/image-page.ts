import { AppError } from '../domain/errors.ts'
import { because } from '../domain/reasons.ts'

/** Reads the path of a page, component by component; undefined where it shows no image. */
type Reader = (path: readonly string[], query: URLSearchParams) => string | undefined

const READERS: Readonly<Record<string, Reader>> = {
  'hub.docker.com': readHub,
  'registry.hub.docker.com': readHub,
  'store.docker.com': readHub,
  'github.com': readGitHub,
  'quay.io': (path) => (path[0] === 'repository' ? under('quay.io', path.slice(1, 3)) : undefined),
  'mcr.microsoft.com': readMicrosoft,
  'gallery.ecr.aws': (path) => under('public.ecr.aws', path),
  'catalog.ngc.nvidia.com': readNvidia,
  'www.docker.elastic.co': (path) =>
    path[0] === 'r' ? under('docker.elastic.co', path.slice(1, 3)) : undefined,
}

const NO_IMAGES =
  /^(?:(?:www\.|gist\.|codeload\.)?github\.com|[a-z-]+\.githubusercontent\.com|huggingface\.co|hf\.co)$/

/**
 * The image that the page at this address is about. Throws AppError `bad_request` for pages about something
 * else.
 */
export function imageOfPage(url: URL): string {
  const path = url.pathname.split('/').filter((part) => part !== '')
  const decoded = path.flatMap((part) => decode(part).split('/'))
  const found = READERS[url.hostname]?.(decoded, url.searchParams)
  if (found !== undefined) return found
  if (NO_IMAGES.test(url.hostname)) throw bad('no_image_files')
  if (
    READERS[url.hostname] !== undefined &&
    url.hostname !== 'quay.io' &&
    url.hostname !== 'mcr.microsoft.com'
  )
    throw bad('no_image_page')
  return ofRegistry(url.host, decoded)
}

/** "https://ghcr.io/org/app:1", and requests of clients: "https://ghcr.io/v2/org/app/manifests/1". */
function ofRegistry(host: string, path: readonly string[]): string {
  if (path.length === 0) throw bad('no_image_registry')
  const [, name, ref] = /^v2\/(.+)\/(?:manifests)\/([^/]+)$/.exec(path.join('/')) ?? []
  if (name === undefined || ref === undefined) return `${host}/${path.join('/')}`
  return `${host}/${name}${ref.includes(':') ? '@' : ':'}${ref}`
}

/**
 * /_/nginx, /r/org/app, /layers/org/app/1.2/…, /repository/docker/org/app, with /tags and the like behind.
 */
function readHub(path: readonly string[]): string | undefined {
  const [kind, first, second, third] = path
  if (first === undefined) return undefined
  if (kind === '_') return `docker.io/library/${first}`
  if (kind === 'r' && second !== undefined) return `docker.io/${first}/${second}`
  if (kind === 'layers' && second !== undefined)
    return `docker.io/${first}/${second}${third === undefined ? '' : `:${third}`}`
  if (kind === 'repository' && second !== undefined && third !== undefined)
    return `docker.io/${second}/${third}`
  return undefined
}

/**
 * /org/repo/pkgs/container/app, /orgs/org/packages/container/package/app, with the number of a version
 * behind.
 */
function readGitHub(path: readonly string[], query: URLSearchParams): string | undefined {
  const at = path.indexOf('container')
  const before = path[at - 1]
  if (at < 0 || (before !== 'pkgs' && before !== 'packages')) return undefined
  const [kind = '', second = ''] = path
  const owner = kind === 'orgs' || kind === 'users' ? second : kind
  const named = path.slice(at + 1).filter((part, i) => !(i === 0 && part === 'package'))
  const name = named.filter((part) => part !== 'versions' && !/^\d+$/.test(part))
  const tag = query.get('tag')
  return under(
    'ghcr.io',
    [owner, ...name].map((part) => part.toLowerCase()),
    tag,
  )
}

/** /en-us/artifact/mar/dotnet/sdk/about or /product/dotnet/sdk/tags. */
function readMicrosoft(path: readonly string[]): string | undefined {
  const at = path.findIndex((part) => part === 'mar' || part === 'product')
  if (at < 0 || at > 2) return undefined
  const name = path.slice(at + 1)
  const isPage = /^(?:about|tags)$/.test(name.at(-1) ?? '')
  return under('mcr.microsoft.com', isPage ? name.slice(0, -1) : name)
}

/** /orgs/nvidia/containers/pytorch, /orgs/nvidia/teams/k8s/containers/device-plugin. */
function readNvidia(path: readonly string[]): string | undefined {
  const at = path.indexOf('containers')
  const [, org, teams, team] = path
  if (path[0] !== 'orgs' || org === undefined || at < 0) return undefined
  return under('nvcr.io', [
    org,
    ...(teams === 'teams' && team !== undefined ? [team] : []),
    path[at + 1] ?? '',
  ])
}

function under(registry: string, name: readonly string[], tag: string | null = null): string | undefined {
  if (name.length === 0 || name.includes('')) return undefined
  return `${registry}/${name.join('/')}${tag === null || tag === '' ? '' : `:${tag}`}`
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw bad('no_image_malformed')
  }
}

function bad(why: 'no_image_files' | 'no_image_page' | 'no_image_registry' | 'no_image_malformed'): AppError {
  return new AppError('bad_request', because(why))
}
