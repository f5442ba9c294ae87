import { parseDigest } from '../../domain/digest.ts'
import { AppError } from '../../domain/errors.ts'
import type { Reference } from './path.ts'
import type { Route, Router, UpstreamRoute } from './route.ts'

export interface NamedImage<U extends UpstreamRoute> {
  readonly route: Route<U>
  /** Undefined where the name says neither tag nor digest. */
  readonly reference: Reference | undefined
}

/**
 * A name as people type it after "docker pull": "nginx", "nginx:1.27", "ghcr.io/org/app@sha256:…"; with tag and
 * digest the digest counts. Throws AppError as requests for such a name do.
 */
export function parseImageName<U extends UpstreamRoute>(text: string, router: Router<U>): NamedImage<U> {
  const [named, digestText] = splitOnce(text.trim(), '@')
  const [name, tag] = splitTag(named)
  const route = router.resolve({
    name: name.split('/'),
    prefix: undefined,
    namespace: undefined,
    host: '',
  })
  if (digestText !== undefined) {
    const digest = parseDigest(digestText)
    if (digest === undefined) throw new AppError('digest_invalid')
    return { route, reference: { kind: 'digest', text: digest } }
  }
  if (tag === undefined) return { route, reference: undefined }
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(tag)) throw new AppError('tag_invalid')
  return { route, reference: { kind: 'tag', text: tag } }
}

function splitOnce(text: string, mark: string): [string, string | undefined] {
  const at = text.indexOf(mark)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

/** A colon before the last slash belongs to a port. */
function splitTag(name: string): [string, string | undefined] {
  const at = name.lastIndexOf(':')
  return at > name.lastIndexOf('/') ? [name.slice(0, at), name.slice(at + 1)] : [name, undefined]
}
