import type { Cache } from '../../cache/cache.ts'
import type { Digest } from '../../domain/digest.ts'
import type { Exchange } from '../front-end.ts'
import { sendContent, sendMeta } from '../send.ts'
import type { Ask } from './ask.ts'
import { blobWant } from './wants.ts'

interface BlobAsk extends Ask {
  readonly digest: Digest
}

/** A blob, whole or in ranges (OCI distribution spec, "Pulling blobs"). */
export async function serveBlob(
  cache: Cache,
  exchange: Exchange,
  { route, digest, limits, headers, kept }: BlobAsk,
): Promise<void> {
  const want = kept(blobWant(route, digest, limits))
  const own = { ...headers, 'content-type': 'application/octet-stream', 'docker-content-digest': digest }
  if (exchange.line.method === 'HEAD') {
    sendMeta(exchange, await cache.stat(want), { ...own, 'accept-ranges': 'bytes' })
  } else {
    await sendContent(exchange, await cache.open(want), own)
  }
}
