import type { Sha256 } from '../../domain/digest.ts'
import { fileOf, fileText, refsOf, type WholeFileName } from '../../domain/file-names.ts'
import type { EntryKey } from '../../domain/names.ts'
import { fromRef, toBytes, toRef } from '../digests.ts'
import type { Db } from '../open.ts'
import { BLOCKS } from './plan-ask.ts'
import { GIT } from './plan-mirrors.ts'
import type { PlannedItem, PlannedMirror } from './plan-shape.ts'

type Reason = PlannedItem['reason']

/** A file of which something goes. */
export interface BareFile {
  readonly file: WholeFileName
  readonly repositoryId: number
  readonly upstream: string
  readonly digest: Sha256
  readonly reason: Reason
}

interface Row extends Pick<EntryKey, 'frontEnd' | 'upstream' | 'repository'> {
  readonly id: number
  readonly ref: string | Buffer
}

/** Files that have a name for some content, each of them once, however much of it goes. Part of a plan. */
export function createFiles(db: Db): (digest: Sha256, reason: Reason) => Generator<BareFile> {
  const select = db.prepare<[Buffer], Row>(
    `SELECT r.id, r.front_end AS frontEnd, r.upstream, r.name AS repository, e.ref
       FROM main.entries e CROSS JOIN main.repositories r ON r.id = e.repository
      WHERE e.digest = ? AND e.kind = 'file' ORDER BY 2, 4, 5`,
  )
  const seen = new Set<string>()
  return function* (digest, reason) {
    for (const { id, upstream, ...named } of select.all(toBytes(digest))) {
      const file = fileOf({ ...named, ref: fromRef(named.ref) })
      if (file === undefined || seen.has(fileText(file))) continue
      seen.add(fileText(file))
      yield { file, repositoryId: id, upstream, digest, reason }
    }
  }
}

/** A file with all its contents, and what of them goes. */
export function createFileRows(db: Db): (item: BareFile) => PlannedItem {
  const select = db.prepare<
    [number, string | Buffer],
    { digest: Buffer; usedAt: number; bytes: number; goes: number }
  >(
    `SELECT e.digest, e.used_at AS usedAt, ${BLOCKS} AS bytes, p.digest IS NOT NULL AS goes
       FROM main.entries e CROSS JOIN main.blobs b ON b.digest = e.digest
            LEFT JOIN temp.planned p ON p.digest = e.digest
      WHERE e.repository = ? AND e.kind = 'file' AND e.ref = ?`,
  )
  return ({ file, repositoryId, upstream, digest, reason }) => {
    const rows = refsOf(file).flatMap((ref) => select.all(repositoryId, toRef(ref)))
    const contents = [...new Map(rows.map((row) => [row.digest.toString('hex'), row])).values()]
    const sumOf = (some: typeof contents): number => some.reduce((sum, { bytes }) => sum + bytes, 0)
    return {
      of: 'file',
      reason,
      upstream,
      repository: file.repository,
      digest,
      name: fileText(file),
      platform: undefined,
      partOf: undefined,
      lastUsed: Math.max(0, ...rows.map(({ usedAt }) => usedAt)),
      total: sumOf(contents),
      frees: sumOf(contents.filter(({ goes }) => goes === 1)),
    }
  }
}

/** Mirrors go whole. */
export function mirrorItem({ name, bytes, usedAt }: PlannedMirror, reason: Reason): PlannedItem {
  return {
    of: 'file',
    reason,
    upstream: GIT,
    repository: name,
    digest: undefined,
    name: `${GIT}:${name}`,
    platform: undefined,
    partOf: undefined,
    lastUsed: usedAt,
    total: bytes,
    frees: bytes,
  }
}
