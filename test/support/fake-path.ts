import type { RequestKind } from './request-log.ts'

/** What a request line asks of the registry. */
export interface RegistryPath {
  readonly kind: RequestKind
  readonly repo?: string
  readonly ref?: string
}

const RESOURCE = /^\/v2\/(.+)\/(manifests|blobs|referrers)\/([^/]+)$/
const TAGS = /^\/v2\/(.+)\/tags\/list$/

/** Reads the raw path; anything the registry does not serve is `other`. */
export function parseRegistryPath(path: string): RegistryPath {
  if (path === '/v2/' || path === '/v2') return { kind: 'ping' }
  if (path === '/v2/_catalog') return { kind: 'catalog' }
  const tags = TAGS.exec(path)
  if (tags?.[1] !== undefined) return { kind: 'tags', repo: tags[1] }
  const [, repo, noun, ref] = RESOURCE.exec(path) ?? []
  if (repo === undefined || ref === undefined) return { kind: 'other' }
  const kind = noun === 'manifests' ? 'manifest' : noun === 'blobs' ? 'blob' : 'referrers'
  return { kind, repo, ref: decode(ref) }
}

/** Some clients write the colon of a digest as %3A. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
