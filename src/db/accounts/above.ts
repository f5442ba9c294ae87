import type { Sha256 } from '../../domain/digest.ts'
import { toBytes, toSha256 } from '../digests.ts'
import type { Db } from '../open.ts'
import { DEEPEST } from './gather.ts'

/** These blobs and every manifest that has one of them below it. */
export function above(db: Db, { digests }: { digests: readonly Sha256[] }): readonly Sha256[] {
  const select = db.prepare<[Buffer], Buffer>(
    `WITH RECURSIVE above (digest, depth) AS (
       SELECT ?, 0 UNION
       SELECT e.parent, depth + 1 FROM above CROSS JOIN main.edges e ON e.child = above.digest
        WHERE depth < ${DEEPEST})
     SELECT digest FROM above`,
  )
  select.pluck()
  return [...new Set(digests.flatMap((digest) => select.all(toBytes(digest)).map(toSha256)))]
}
