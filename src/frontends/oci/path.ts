import { type Digest, parseDigest } from '../../domain/digest.ts'
import { AppError } from '../../domain/errors.ts'
import { NO_REGISTRIES } from '../../domain/file-hosts.ts'

export type Reference =
  | { readonly kind: 'tag'; readonly text: string }
  | { readonly kind: 'digest'; readonly text: Digest }

/** What a registry path names; `name` is still in the client's words, component by component. */
export type OciResource =
  | { readonly kind: 'ping' }
  | { readonly kind: 'catalog' }
  /** Of Docker's own kind, outside of the specification. */
  | { readonly kind: 'search' }
  | { readonly kind: 'manifest'; readonly name: readonly string[]; readonly reference: Reference }
  | { readonly kind: 'blob'; readonly name: readonly string[]; readonly digest: Digest }
  | { readonly kind: 'tags'; readonly name: readonly string[] }
  | { readonly kind: 'referrers'; readonly name: readonly string[]; readonly digest: Digest }

export interface OciPath {
  /** The component before `/v2`, which names an upstream: `/ghcr.io/v2/…`. */
  readonly prefix: string | undefined
  readonly resource: OciResource
}

/** What the path of a registry begins with: `/v2` or `/ghcr.io/v2`, but no other protocol's `/gh/v2`. */
function beginningOf(path: string): RegExpExecArray | undefined {
  const match = /^(?:\/(?!v2\/)([^/]+))?\/v2(?:\/|$)/.exec(path)
  return match === null || NO_REGISTRIES.has(match[1] ?? '') ? undefined : match
}

/** Whether a path is a registry's, however malformed. */
export function isOciPath(path: string): boolean {
  return beginningOf(path) !== undefined
}

/**
 * The raw path of a registry request (OCI distribution spec, "Endpoints"), or undefined for a path that is none.
 * Read from its end, since repositories may have components called `manifests` or `blobs`. Throws AppError
 * `name_invalid`, `tag_invalid`, `digest_invalid`, `unsupported` (uploads) or `name_unknown` (no such endpoint).
 */
export function parseOciPath(path: string): OciPath | undefined {
  const match = beginningOf(path)
  if (match === undefined) return undefined
  const rest = path.slice(match[0].length)
  return { prefix: match[1] === undefined ? undefined : decode(match[1]), resource: parseResource(rest) }
}

function parseResource(rest: string): OciResource {
  if (rest === '') return { kind: 'ping' }
  if (rest === '_catalog') return { kind: 'catalog' }
  const components = rest.split('/').map(decode)
  if (isUpload(components)) throw new AppError('unsupported')
  if (components.includes(''))
    throw new AppError('name_invalid', { message: 'the path has an empty component' })
  const [endpoint = '', last = ''] = components.slice(-2)
  const name = components.slice(0, -2)
  if (endpoint === 'tags' && last === 'list') return { kind: 'tags', name: required(name) }
  switch (endpoint) {
    case 'manifests':
      return { kind: 'manifest', name: required(name), reference: parseReference(last) }
    case 'blobs':
      return { kind: 'blob', name: required(name), digest: requireDigest(last) }
    case 'referrers':
      return { kind: 'referrers', name: required(name), digest: requireDigest(last) }
    default:
      throw new AppError('name_unknown', { message: 'no such endpoint' })
  }
}

function isUpload(components: readonly string[]): boolean {
  const at = components.lastIndexOf('uploads')
  return at > 0 && components[at - 1] === 'blobs' && at >= components.length - 2
}

function required(name: readonly string[]): readonly string[] {
  if (name.length === 0) throw new AppError('name_invalid', { message: 'the repository name is missing' })
  return name
}

/** `%3A` and needless escapes are undone once; an escaped slash, dot-dot or control character is nobody's name. */
function decode(component: string): string {
  if (!component.includes('%')) return component
  const text = component.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  if (/^[A-Za-z0-9._:@+-]+$/.test(text)) return text
  throw new AppError('name_invalid', { message: 'the path has an escaped character that no name contains' })
}

function parseReference(text: string): Reference {
  if (text.includes(':')) return { kind: 'digest', text: requireDigest(text) }
  if (text.length <= 128 && /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(text)) return { kind: 'tag', text }
  throw new AppError('tag_invalid')
}

function requireDigest(text: string): Digest {
  const digest = parseDigest(text)
  if (digest === undefined) throw new AppError('digest_invalid')
  return digest
}
