import { toRef, toSha256 } from '../digests.ts'
import type { Db } from '../open.ts'
import { prepared } from '../prepared.ts'
import { factsOfRow, prepareNow, prepareTagsNow } from './facts-now.ts'
import { image } from './image.ts'
import type { ImageFacts, Ledger } from './ledger.ts'
import { imageOfTag, ledgerImages } from './places.ts'
import { imageDigests, repositoryIds } from './tagged.ts'

/** A tag or digest of a repository; without either, all its images. */
export interface ChosenName {
  readonly upstream: string
  readonly repository: string
  readonly ref: string | undefined
}

/**
 * The images that each name means at this moment; none where nothing is here. Their sizes are those of the ledger, and so
 * is all but the tags where it need not be `whole`: the work is that of what is named, however large the index is.
 */
export function chosenFacts(
  db: Db,
  ledger: Ledger,
  { names, whole }: { names: readonly ChosenName[]; whole: boolean },
): readonly (readonly ImageFacts[])[] {
  const factsOf = createFacts(db, ledger, whole)
  const guess = createGuess(db, ledger)
  const idOf = repositoryIds(db)
  const found = names.map((): ImageFacts[] => [])
  const places = names.flatMap((name, at): Place[] => {
    const id = idOf(name)
    if (id === undefined) return []
    const guessed = whole ? undefined : guess(id, name.ref)
    if (guessed !== undefined) found[at]?.push(guessed)
    if (guessed !== undefined) return []
    const digests = name.ref === undefined ? imageDigests(db, id) : target(db, id, name.ref)
    return digests.map((digest) => ({ name, at, id, digest }))
  })
  for (const { at, ...place } of places) {
    const facts = factsOf(place)
    if (facts !== undefined) found[at]?.push(facts)
  }
  return found
}

/** Most tags lead where they led when the lists were made: that is looked up in one step, and is certain. */
function createGuess(
  db: Db,
  ledger: Ledger,
): (repository: number, ref: string | undefined) => ImageFacts | undefined {
  const nowOf = prepareTagsNow(db)
  return (repository, ref) => {
    const images = ledgerImages(ledger, repository)
    const facts = images === undefined || ref === undefined ? undefined : imageOfTag(images, ref)
    const now = facts === undefined ? undefined : nowOf(facts)
    return now !== undefined && hasTag(now, ref) ? now : undefined
  }
}

function hasTag({ tagList }: ImageFacts, ref: string | undefined): boolean {
  return tagList === ref || tagList.split(' ').some((tag) => tag === ref)
}

/** An image of the name at `at`. */
interface Place {
  readonly at: number
  readonly name: ChosenName
  /** Of the repository. */
  readonly id: number
  readonly digest: string
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

function createFacts(db: Db, ledger: Ledger, whole: boolean) {
  const nowOf = whole ? prepareNow(db) : prepareTagsNow(db)
  return ({ name, id, digest }: Omit<Place, 'at'>): ImageFacts | undefined => {
    const { upstream, repository } = name
    const facts = ledgerImages(ledger, id)?.get(digest)
    if (facts !== undefined) return nowOf(facts)
    // It came after the lists were made.
    const row = image(db, { upstream, repository, ref: digest })?.row
    return row === undefined ? undefined : factsOfRow(row)
  }
}
