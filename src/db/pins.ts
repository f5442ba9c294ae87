import type { Sha256 } from '../domain/digest.ts'
import { toBytes } from './digests.ts'
import type { Db } from './open.ts'

export interface Pin {
  /** A glob on "upstream/repository:tag" or "upstream/repository@digest"; without tag or digest, all of them. */
  readonly match: string
  readonly origin: 'config' | 'user'
  readonly reason: string | undefined
  /** Milliseconds since the epoch; undefined: for good. */
  readonly until: number | undefined
}

export interface Pins {
  list(): readonly Pin[]
  put(pin: Pin, at: number): void
  /** False when there is none of that origin. */
  remove(match: string, origin: Pin['origin']): boolean
  /** The pins of the configuration are these now, and no others. */
  replaceConfig(pins: readonly Omit<Pin, 'origin'>[], at: number): void
  /** Marks blobs, and all that manifests among them reference, as pinned. */
  mark(digests: readonly Sha256[]): void
  /** Sets the marks of exactly these blobs. */
  set(digests: readonly Sha256[], isPinned: boolean): void
}

interface Row {
  match: string
  origin: Pin['origin']
  reason: string | null
  until: number | null
}

/** What is never evicted and never expires. */
export function createPins(db: Db): Pins {
  const list = db.prepare<[], Row>('SELECT match, origin, reason, until FROM pins ORDER BY match, origin')
  const put = db.prepare(
    `INSERT INTO pins VALUES (@match, @origin, @reason, @until, @at)
     ON CONFLICT DO UPDATE SET reason = @reason, until = @until`,
  )
  const remove = db.prepare('DELETE FROM pins WHERE match = ? AND origin = ?')
  const removeConfig = db.prepare("DELETE FROM pins WHERE origin = 'config'")
  const mark = db.prepare(
    `WITH RECURSIVE below (digest, depth) AS (
       SELECT ?, 0 UNION SELECT e.child, depth + 1 FROM below JOIN edges e ON e.parent = below.digest WHERE depth < 3)
     UPDATE blobs SET pinned = 1 WHERE pinned = 0 AND digest IN (SELECT digest FROM below)`,
  )
  const set = db.prepare('UPDATE blobs SET pinned = ? WHERE digest = ?')
  const toRow = (pin: Pin, at: number) => ({
    ...pin,
    reason: pin.reason ?? null,
    until: pin.until ?? null,
    at,
  })
  return {
    list: () =>
      list.all().map((row) => ({ ...row, reason: row.reason ?? undefined, until: row.until ?? undefined })),
    put: (pin, at) => void put.run(toRow(pin, at)),
    remove: (match, origin) => remove.run(match, origin).changes > 0,
    replaceConfig: (pins, at) => {
      removeConfig.run()
      for (const pin of pins) put.run(toRow({ ...pin, origin: 'config' }, at))
    },
    mark: (digests) => {
      for (const digest of digests) mark.run(toBytes(digest))
    },
    set: (digests, isPinned) => {
      for (const digest of digests) set.run(isPinned ? 1 : 0, toBytes(digest))
    },
  }
}
