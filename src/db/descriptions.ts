import type { Sha256 } from '../domain/digest.ts'
import { toBytes, toSha256 } from './digests.ts'
import type { Db } from './open.ts'

/** What the config of an image says of it. */
export interface Description {
  /** Milliseconds since the epoch; undefined where it does not say. */
  readonly created: number | undefined
  /** "linux/arm64/v8" */
  readonly platform: string | undefined
}

/** What is known of images by what their configs say, see migration 0008. */
export interface Descriptions {
  /** Content without anything below it that is to be looked at, and whether there is more to do. */
  waiting(limit: number): { readonly leaves: readonly Sha256[]; readonly isMore: boolean }
  /** What was found in it; undefined: nothing. Belongs, as `pass`, inside a transaction. */
  put(digest: Sha256, description: Description | undefined): void
  /** Passes on to manifests what is known of those below them; at most so many. */
  pass(limit: number): void
}

/** Of one image; whoever has more has none that anybody looks for. */
const MOST_PLATFORMS = 64

export function createDescriptions(db: Db): Descriptions {
  const isParent = 'EXISTS (SELECT 1 FROM edges e WHERE e.parent = d.digest)'
  const waiting = db
    .prepare<[number], [digest: Buffer, isParent: number]>(
      `SELECT d.digest, ${isParent} FROM descriptions d INDEXED BY descriptions_pending WHERE d.pending = 1 LIMIT ?`,
    )
    .raw()
  const write = db.prepare(
    'UPDATE descriptions SET pending = 0, created = @created, platform = @platform WHERE digest = @digest',
  )
  const wake = db.prepare(
    'UPDATE descriptions SET pending = 1 WHERE digest IN (SELECT parent FROM edges WHERE child = ?)',
  )
  const find = db.prepare<[Buffer], Row>('SELECT created, platform FROM descriptions WHERE digest = ?')
  const below = db.prepare<[Buffer], Row>(
    `SELECT d.created, d.platform FROM edges e CROSS JOIN descriptions d ON d.digest = e.child
      WHERE e.parent = ? AND coalesce(d.created, d.platform) IS NOT NULL`,
  )
  const passOne = (digest: Buffer): void => {
    const before = find.get(digest)
    const now = sumOf(below.all(digest))
    write.run({ digest, ...now })
    if (before?.created !== now.created || before.platform !== now.platform) wake.run(digest)
  }
  return {
    waiting: (limit) => {
      const rows = waiting.all(limit)
      const leaves = rows.filter(([, parent]) => parent === 0).map(([digest]) => toSha256(digest))
      return { leaves, isMore: rows.length > 0 }
    },
    put: (digest, description) => {
      const bytes = toBytes(digest)
      const { created = null, platform = null } = description ?? {}
      write.run({ digest: bytes, created, platform })
      if (description !== undefined) wake.run(bytes)
    },
    pass: (limit) => {
      for (const [digest, parent] of waiting.all(limit)) if (parent === 1) passOne(digest)
    },
  }
}

interface Row {
  readonly created: number | null
  readonly platform: string | null
}

/** An image is as young as the youngest of its platforms. */
function sumOf(rows: readonly Row[]): Row {
  const times = rows.map(({ created }) => created).filter((created) => created !== null)
  const platforms = new Set(rows.flatMap(({ platform }) => platform?.split(' ') ?? []))
  return {
    created: times.length === 0 ? null : Math.max(...times),
    platform: platforms.size === 0 ? null : [...platforms].sort().slice(0, MOST_PLATFORMS).join(' '),
  }
}
