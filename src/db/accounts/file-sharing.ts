import { keptWith } from '../../domain/file-names.ts'
import { fromRef } from '../digests.ts'
import type { Db } from '../open.ts'
import { prepared } from '../prepared.ts'
import { allOf, digestKey, type FilePlace, type FoundFile } from './file-entries.ts'

/** SQL: whether an image that is here has the content `digest`, or a name of an image leads there. */
const IN_IMAGES = (digest: string): string => `(
  EXISTS (SELECT 1 FROM main.edges x JOIN main.blobs p ON p.digest = x.parent WHERE x.child = ${digest})
  OR EXISTS (SELECT 1 FROM main.entries n WHERE n.digest = ${digest} AND n.kind <> 'file'))`

export function createImageTest(db: Db): (digest: Buffer) => boolean {
  const select = prepared<{ digest: Buffer }, number>(db, `SELECT ${IN_IMAGES('@digest')}`).pluck()
  return (digest) => select.get({ digest }) === 1
}

interface NameRow {
  readonly id: number
  readonly kind: FilePlace['kind']
  readonly repository: string
  readonly ref: string | Buffer
}

/** Bytes on disk that go with a file, at this moment: no other file, image or repository has a name for them. */
export function createOnlyHere(db: Db): (found: FoundFile) => number {
  const isInImages = createImageTest(db)
  const select = prepared<[Buffer], NameRow>(
    db,
    `SELECT r.id, r.front_end AS kind, r.name AS repository, e.ref
       FROM main.entries e CROSS JOIN main.repositories r ON r.id = e.repository
      WHERE e.digest = ? AND e.kind = 'file'`,
  )
  const isOther = ({ of, file }: FoundFile, { id, kind, repository, ref }: NameRow): boolean => {
    if (id !== of.id) return true
    const name = keptWith({ frontEnd: kind, repository, ref: fromRef(ref) })
    // What is kept beside files of the same repository goes with them.
    return name !== undefined && name.file !== file
  }
  return (found) => {
    const pieces = new Map(allOf(found).map((line) => [digestKey(line), line]))
    let bytes = 0
    for (const { digest, bytes: own = 0 } of pieces.values()) {
      if (own === 0) continue
      let isShared = false
      for (const row of select.iterate(digest)) {
        isShared = isOther(found, row)
        if (isShared) break
      }
      // Looked at last: it goes through all names there are, which are few now.
      if (!isShared && !isInImages(digest)) bytes += own
    }
    return bytes
  }
}
