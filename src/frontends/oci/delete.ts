import type { Evictor } from '../../cache/evictor.ts'
import { AppError } from '../../domain/errors.ts'
import type { Exchange } from '../front-end.ts'
import type { Ask, NamedResource } from './ask.ts'
import { blobWant, manifestWant } from './wants.ts'

/**
 * Evicts a tag, a manifest with what it holds, or a blob (OCI distribution spec, "Content Management"). Other tags of a
 * manifest stay when one goes. The upstream keeps what it has: the next pull fetches it anew.
 */
export async function serveDelete(
  evictor: Evictor,
  { res, id }: Exchange,
  { route, limits, headers, resource }: Ask & { readonly resource: NamedResource },
): Promise<void> {
  if (resource.kind !== 'manifest' && resource.kind !== 'blob') throw new AppError('unsupported')
  const want =
    resource.kind === 'manifest'
      ? manifestWant(route, resource.reference, limits)
      : blobWant(route, resource.digest, limits)
  const outcome = await evictor.evict(want.key)
  if (outcome === 'absent') throw new AppError(ABSENT[resource.kind], { message: 'this is not cached' })
  if (outcome !== 'gone') throw new AppError('denied', { message: KEPT[outcome] })
  res.writeHead(202, { ...headers, 'content-length': 0, 'x-request-id': id }).end()
}

const ABSENT = { manifest: 'manifest_unknown', blob: 'blob_unknown' } as const

const KEPT = {
  pinned: 'it is pinned: unpin it first',
  in_use: 'it is being pulled at this moment: try again later',
} as const
