import type { Cache } from '../../cache/cache.ts'
import type { Document, Meta, Want } from '../../cache/want.ts'
import type { Exchange } from '../front-end.ts'
import { type Headers, sendDocument, sendMeta } from '../send.ts'
import { accepts } from './accept.ts'
import type { Reference } from './path.ts'
import type { Route } from './route.ts'
import { manifestWant, type OciLimits, type OciUpstream } from './wants.ts'

interface ManifestAsk {
  readonly route: Route<OciUpstream>
  readonly reference: Reference
  readonly limits: OciLimits
  readonly headers: Headers
}

const UNTYPED = 'application/vnd.oci.image.manifest.v1+json'

/**
 * A manifest travels byte for byte under the type it came with. A client that does not take the type behind a
 * tag is answered by the upstream itself, past the cache: only the upstream knows what else it would give.
 */
export async function serveManifest(cache: Cache, exchange: Exchange, ask: ManifestAsk): Promise<void> {
  const want = manifestWant(ask.route, ask.reference, ask.limits)
  const accept = exchange.req.headers.accept
  if (exchange.line.method === 'HEAD') {
    const meta = await cache.stat(want)
    if (!isPassed(ask, accept, meta.mediaType)) return sendMeta(exchange, meta, manifestHeaders(ask, meta))
  } else {
    const document = await cache.read(want)
    const mediaType = document.mediaType ?? typeIn(document.bytes)
    if (!isPassed(ask, accept, mediaType)) {
      return sendDocument(exchange, document, manifestHeaders(ask, { ...document, mediaType }))
    }
  }
  sendPassed(exchange, ask, await cache.pass(withAccept(want, accept)))
}

function sendPassed(exchange: Exchange, ask: ManifestAsk, document: Document): void {
  const mediaType = document.mediaType ?? typeIn(document.bytes)
  sendDocument(exchange, document, manifestHeaders(ask, { ...document, mediaType }))
}

/** A digest names one content only, so nothing else could be given for it. */
function isPassed(ask: ManifestAsk, accept: string | undefined, mediaType: string | undefined): boolean {
  return ask.reference.kind === 'tag' && mediaType !== undefined && !accepts(accept, mediaType)
}

function withAccept(want: Want, accept: string | undefined): Want {
  return accept === undefined ? want : { ...want, request: { ...want.request, accept } }
}

function manifestHeaders(ask: ManifestAsk, meta: Meta): Headers {
  const headers: Headers = { ...ask.headers, 'content-type': meta.mediaType ?? UNTYPED, vary: 'Accept' }
  if (meta.digest !== undefined) {
    headers['docker-content-digest'] = ask.reference.kind === 'digest' ? ask.reference.text : meta.digest
  }
  return headers
}

/** The type a manifest states of itself, for upstreams that send none. */
function typeIn(bytes: Buffer): string {
  const match = /"mediaType"\s*:\s*"(application\/vnd\.[a-z0-9.+-]+)"/.exec(bytes.toString('latin1'))
  return match?.[1] ?? UNTYPED
}
