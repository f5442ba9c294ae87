import type { IncomingMessage } from 'node:http'
import { splitKey } from '../auth/key-text.ts'
import { AppError } from '../domain/errors.ts'
import type { RequestLine } from '../frontends/front-end.ts'
import type { Place, PlaceOf } from './virtual-hosts.ts'

/** A request line taken apart. */
export interface Asked {
  readonly line: RequestLine
  /** What stood in the path in the place of a pull key. */
  readonly key: string | undefined
  /** The path as it came, with its key. */
  readonly path: string
  /** The virtual host it came to; undefined: none. */
  readonly place: Place | undefined
}

export function readRequest(req: IncomingMessage, placeOf: PlaceOf): Asked {
  const url = req.url ?? '/'
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  const split = splitKey(path)
  const host = (req.headers.host ?? '').toLowerCase().replace(/:\d+$/, '')
  const place = placeOf(host)
  const line = {
    method: req.method ?? 'GET',
    path: place === undefined ? split.path : place.enter(split.path),
    query: mark < 0 ? '' : url.slice(mark + 1),
    host,
  }
  return { line, path, key: split.kind === 'keyed' ? split.key : undefined, place }
}

/** What is wrong with a request whatever its path means; said by the first front end, the registry. */
export function objectionTo(req: IncomingMessage): AppError | undefined {
  if (req.url?.startsWith('/') !== true) {
    return new AppError('bad_request', { message: 'this is no forward proxy: ask for a path' })
  }
  const hosts = countHosts(req)
  // Probes of old load balancers speak HTTP/1.0, where Host is optional.
  if (hosts === 1 || (hosts === 0 && req.httpVersion === '1.0')) return undefined
  return new AppError('bad_request', { message: 'the request needs exactly one Host header' })
}

function countHosts(req: IncomingMessage): number {
  let count = 0
  for (let i = 0; i < req.rawHeaders.length; i += 2) {
    const name = req.rawHeaders[i] ?? ''
    if (name.length === 4 && name.toLowerCase() === 'host') count++
  }
  return count
}
