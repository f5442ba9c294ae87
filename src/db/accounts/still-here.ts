import { parseDigest } from '../../domain/digest.ts'
import { toBytes } from '../digests.ts'
import type { Db } from '../open.ts'
import { prepared } from '../prepared.ts'

/**
 * Whether an image of a list that may be a minute old still has a name. Whoever took something out and looks at the list
 * again must not see it there.
 */
export function imageIsHere(db: Db): (image: { of: { id: number }; digest: string }) => boolean {
  const name = prepared<[Buffer, number]>(
    db,
    `SELECT 1 FROM entries WHERE digest = ? AND repository = ? AND kind = 'manifest' LIMIT 1`,
  )
  return ({ of, digest }) => {
    const known = parseDigest(digest)
    return known === undefined || name.get(toBytes(known), of.id) !== undefined
  }
}

/** The same of a repository: whether anything is left in it. */
export function repositoryIsHere(db: Db): (repository: { id: number }) => boolean {
  const name = prepared<[number]>(db, 'SELECT 1 FROM entries WHERE repository = ? LIMIT 1')
  return ({ id }) => name.get(id) !== undefined
}
