import { parseDigest } from '../../domain/digest.ts'
import { toBytes, toRef, toSha256 } from '../digests.ts'
import type { Db } from '../open.ts'
import { prepared } from '../prepared.ts'
import { image } from './image.ts'
import type { ImageFacts, Ledger } from './ledger.ts'
import { ledgerOf, MOST_TAGS, toImageRow } from './lists.ts'
import type { ImageRow } from './rows.ts'
import { findRepository, imageDigests, tagsOf } from './tagged.ts'

/** A tag or digest of a repository; without either, all its images. */
export interface ChosenName {
  readonly upstream: string
  readonly repository: string
  readonly ref: string | undefined
}

/**
 * The images that each name means at this moment, with their tags; none where nothing is here. Their sizes are those of
 * lists, which may be some seconds old: the work is that of what is named, however large the index is.
 */
export function chosen(
  db: Db,
  { names }: { names: readonly ChosenName[] },
): readonly (readonly ImageRow[])[] {
  const ledger = ledgerOf(db, false).value
  const rowOf = createRows(db, ledger)
  return db.transaction(() =>
    names.map((name) => {
      const repository = findRepository(db, name)
      if (repository === undefined) return []
      const digests = name.ref === undefined ? imageDigests(db, repository) : target(db, repository, name.ref)
      return digests.map((digest) => rowOf(name, repository, digest)).filter((row) => row !== undefined)
    }),
  )()
}

/** The digest that a name leads to, where that is here. */
function target(db: Db, repository: number, ref: string): readonly string[] {
  const select = prepared<[number, string | Buffer], Buffer>(
    db,
    `SELECT e.digest FROM main.entries e JOIN main.blobs b ON b.digest = e.digest
      WHERE e.repository = ? AND e.kind = 'manifest' AND e.ref = ?`,
  )
  const digests = select.pluck().all(repository, toRef(ref))
  return digests.map(toSha256)
}

function createRows(db: Db, ledger: Ledger) {
  return ({ upstream, repository }: ChosenName, id: number, digest: string): ImageRow | undefined => {
    const facts = findFacts(ledger, id, digest)
    // It came after the lists were made.
    if (facts === undefined) return image(db, { upstream, repository, ref: digest })?.row
    const parsed = parseDigest(digest)
    const tags = parsed === undefined ? [] : (tagsOf(db, id, toBytes(parsed)) ?? [])
    const name = `${upstream}/${repository}${tags[0] === undefined ? `@${digest}` : `:${tags[0]}`}`
    return { ...toImageRow(facts), name, tags: tags.slice(0, MOST_TAGS), tagCount: tags.length }
  }
}

/** Images of a ledger by repository and digest, made when the first one is looked for. */
const places = new WeakMap<Ledger, Map<number, Map<string, ImageFacts>>>()

export function factsOf(ledger: Ledger, repository: number): ReadonlyMap<string, ImageFacts> | undefined {
  const known = places.get(ledger) ?? placesOf(ledger)
  places.set(ledger, known)
  return known.get(repository)
}

function findFacts(ledger: Ledger, repository: number, digest: string): ImageFacts | undefined {
  return factsOf(ledger, repository)?.get(digest)
}

function placesOf({ images }: Ledger): Map<number, Map<string, ImageFacts>> {
  const all = new Map<number, Map<string, ImageFacts>>()
  for (const facts of images) {
    const own = all.get(facts.of.id) ?? new Map<string, ImageFacts>()
    all.set(facts.of.id, own)
    own.set(facts.digest, facts)
  }
  return all
}
