import { createFileGlob } from '../../domain/file-globs.ts'
import {
  fileOf,
  fileText,
  keptWith,
  parseFileName,
  refsOf,
  type WholeFileName,
} from '../../domain/file-names.ts'
import { isPlain } from '../../domain/glob-set.ts'
import { type EntryKey, repositoryName } from '../../domain/names.ts'
import { fromRef, toRef } from '../digests.ts'
import type { Db } from '../open.ts'

interface Place {
  readonly id: number
  readonly frontEnd: EntryKey['frontEnd']
  readonly upstream: string
  readonly repository: string
}

interface Row {
  readonly ref: string | Buffer
  readonly digest: Buffer
}

/** An entry that a pattern on files means, and the file that it belongs to, if it belongs to one. */
export interface FoundFile {
  readonly digest: Buffer
  readonly file: WholeFileName | undefined
}

/**
 * Finds entries by patterns on files, with what is kept beside files where all of a repository is meant. What is named
 * plainly is found without a look at other repositories.
 */
export function createFileFinder(db: Db): (matches: readonly string[]) => Generator<FoundFile> {
  const places = db
    .prepare<[], Place>(
      "SELECT id, front_end AS frontEnd, upstream, name AS repository FROM repositories WHERE front_end <> 'oci'",
    )
    .all()
  const byName = new Map(places.map((place) => [repositoryName(place), place]))
  const FROM = "SELECT ref, digest FROM entries WHERE repository = ? AND kind = 'file'"
  const all = db.prepare<[number], Row>(FROM)
  const one = db.prepare<[number, string | Buffer], Row>(`${FROM} AND ref = ?`)

  function* found(place: Place, rows: readonly Row[]): Generator<FoundFile & { named: string | undefined }> {
    for (const { ref, digest } of rows) {
      const entry = { ...place, ref: fromRef(ref) }
      const kept = keptWith(entry)
      yield { digest, file: fileOf(entry), named: kept === undefined ? undefined : fileText(kept) }
    }
  }

  function* plainly(match: string): Generator<FoundFile> {
    const name = parseFileName(match)
    const place = name === undefined ? undefined : byName.get(fileText({ ...name, file: undefined }))
    if (name === undefined || place === undefined) return
    const rows =
      name.file === undefined
        ? all.all(place.id)
        : refsOf({ ...name, file: name.file }).flatMap((ref) => one.all(place.id, toRef(ref)))
    yield* found(place, rows)
  }

  function* byGlobs(matches: readonly string[]): Generator<FoundFile> {
    const globs = matches.map(createFileGlob)
    if (globs.length === 0) return
    for (const [name, place] of byName) {
      const some = globs.filter((glob) => glob.mayBeIn(name))
      if (some.length === 0) continue
      const isWhole = some.some((glob) => glob.isOfAll(name))
      for (const one of found(place, all.all(place.id)))
        if (isWhole || some.some((glob) => one.named !== undefined && glob.isOf(one.named))) yield one
    }
  }

  return function* (matches) {
    for (const match of matches.filter(isPlain)) yield* plainly(match)
    yield* byGlobs(matches.filter((match) => !isPlain(match)))
  }
}
