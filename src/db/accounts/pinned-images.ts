import { createImageGlob, namesReference } from '../../domain/glob.ts'
import { isPlain, partPlain } from '../../domain/glob-set.ts'
import { fromRef, toRef } from '../digests.ts'
import type { Db } from '../open.ts'

interface Place {
  readonly id: number
  readonly name: string
}

interface ManifestRow {
  readonly ref: string | Buffer
  readonly digest: Buffer
  readonly previous: Buffer | null
}

/** Finds manifests by patterns. What is named plainly is looked up; for globs, repositories are gone through. */
export function createImageFinder(db: Db): (matches: readonly string[]) => Generator<Buffer> {
  const places = db
    .prepare<[], Place>(
      "SELECT id, upstream || '/' || name AS name FROM repositories WHERE front_end = 'oci'",
    )
    .all()
  const byName = new Map<string, Place[]>()
  for (const place of places) byName.set(place.name, [...(byName.get(place.name) ?? []), place])
  const FROM = "SELECT ref, digest, previous FROM entries WHERE repository = ? AND kind = 'manifest'"
  const all = db.prepare<[number], ManifestRow>(FROM)
  const one = db.prepare<[number, string | Buffer], ManifestRow>(`${FROM} AND ref = ?`)

  function* plainly(match: string): Generator<ManifestRow> {
    const { repository, reference } = partPlain(match)
    for (const { id } of byName.get(repository) ?? [])
      yield* reference === undefined ? all.all(id) : one.all(id, toRef(reference))
  }

  function* byGlobs(matches: readonly string[]): Generator<ManifestRow> {
    if (matches.length === 0) return
    const globs = matches.map((match) => ({
      matches: createImageGlob(match),
      repository: createRepositoryGlob(match),
    }))
    for (const { id, name } of places) {
      const some = globs.filter((glob) => glob.repository(name))
      if (some.length === 0) continue
      for (const row of all.all(id)) if (some.some((glob) => glob.matches(name, fromRef(row.ref)))) yield row
    }
  }

  return function* (matches) {
    const found = function* () {
      for (const match of matches.filter(isPlain)) yield* plainly(match)
      yield* byGlobs(matches.filter((match) => !isPlain(match)))
    }
    for (const { digest, previous } of found()) {
      yield digest
      // What the tag pointed to before is all there is of it until the new manifest is here.
      if (previous !== null) yield previous
    }
  }
}

/** Whether anything in a repository can match; the part of a glob that is about tags may hold a slash only by "**". */
function createRepositoryGlob(match: string): (repository: string) => boolean {
  const glob = createImageGlob(match)
  if (!namesReference(match)) return (repository) => glob(repository, '')
  const end = Math.max(match.lastIndexOf(':'), match.indexOf('@'))
  const repositories = createImageGlob(match.slice(0, match.includes('@') ? match.indexOf('@') : end))
  return (repository) => match.includes('**') || repositories(repository, '')
}
