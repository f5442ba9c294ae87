import type { ImageFacts, Ledger } from './ledger.ts'

const places = new WeakMap<Ledger, Map<number, Map<string, ImageFacts>>>()

/** Images of one repository by their digests, as a ledger knows them; made when the first one is looked for. */
export function ledgerImages(
  ledger: Ledger,
  repository: number,
): ReadonlyMap<string, ImageFacts> | undefined {
  const known = places.get(ledger) ?? placesOf(ledger)
  places.set(ledger, known)
  return known.get(repository)
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

const tags = new WeakMap<ReadonlyMap<string, ImageFacts>, ReadonlyMap<string, ImageFacts>>()

/** Of the images of one repository, the one that has a tag. */
export function imageOfTag(images: ReadonlyMap<string, ImageFacts>, tag: string): ImageFacts | undefined {
  const known = tags.get(images) ?? new Map([...images.values()].flatMap(byTags))
  tags.set(images, known)
  return known.get(tag)
}

function byTags(facts: ImageFacts): readonly (readonly [string, ImageFacts])[] {
  if (facts.tags < 2) return facts.tags === 0 ? [] : [[facts.tagList, facts]]
  return facts.tagList.split(' ').map((tag) => [tag, facts])
}
