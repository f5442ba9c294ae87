import type { Cache } from '../../cache/cache.ts'
import { AppError } from '../../domain/errors.ts'
import type { StoredAsset } from './resource.ts'
import { numberWant, type WantContext } from './wants.ts'

/** Whose asset it is, "owner/repo": addresses of storage say only a number. Throws AppError where nobody can tell. */
export async function ownerOf(
  cache: Cache,
  { repositoryId }: StoredAsset,
  context: WantContext,
): Promise<string> {
  const want = numberWant(repositoryId, context)
  const { bytes } = await cache.read(want)
  const name = nameIn(bytes)
  if (name !== undefined) return name
  throw new AppError('denied', { message: 'nobody can tell which repository this belongs to' })
}

function nameIn(bytes: Buffer): string | undefined {
  try {
    const json: unknown = JSON.parse(bytes.toString('utf8'))
    if (typeof json !== 'object' || json === null || !('full_name' in json)) return undefined
    const { full_name: name } = json
    return typeof name === 'string' && /^[\w-]+\/[\w.-]+$/.test(name) ? name : undefined
  } catch {
    return undefined
  }
}
