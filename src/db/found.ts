import { isSha256, type Sha256 } from '../domain/digest.ts'
import { toBytes, toSha256 } from './digests.ts'
import type { Db } from './open.ts'

/** For bringing rows and files together after the index was lost. */
export interface Found {
  /** Digests of all rows whose first byte is this. */
  digests(first: number): readonly Sha256[]
  /** A file without a row. Nobody knows whether it is right, so it is hashed before it is served. */
  add(file: { readonly digest: Sha256; readonly size: number; readonly at: number }): void
}

export function createFound(db: Db, memo: { clear(): void }): Found {
  const digests = db.prepare<[Buffer, Buffer], Buffer>(
    'SELECT digest FROM blobs WHERE digest BETWEEN ? AND ?',
  )
  digests.pluck()
  const add = db.prepare(
    `INSERT INTO blobs VALUES (@digest, @size, 0, @at, @at, 0,
       EXISTS (SELECT 1 FROM edges e JOIN blobs p ON p.digest = e.parent WHERE e.child = @digest AND p.pinned = 1))
     ON CONFLICT DO NOTHING`,
  )
  return {
    digests: (first) => {
      const from = Buffer.from([first])
      return digests.all(from, Buffer.concat([from, Buffer.alloc(32, 0xff)])).map(toSha256)
    },
    add: ({ digest, size, at }) => {
      if (!isSha256(digest)) return
      memo.clear()
      add.run({ digest: toBytes(digest), size, at })
    },
  }
}
