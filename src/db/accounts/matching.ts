import { MINUTE } from '../../domain/clock.ts'
import type { Condition } from '../../domain/condition.ts'
import { toSha256 } from '../digests.ts'
import type { Db } from '../open.ts'
import { prepared } from '../prepared.ts'
import { type ChosenName, chosenFacts } from './chosen.ts'
import { imageTest } from './conditions.ts'
import { factsOfRow, prepareNow } from './facts-now.ts'
import { image } from './image.ts'
import type { ImageFacts, Ledger } from './ledger.ts'
import { ledgerOf, toImageRow } from './lists.ts'
import { ledgerImages } from './places.ts'
import type { ImageRow } from './rows.ts'
import { isImage } from './tagged.ts'

export interface MatchAsk {
  readonly names: readonly ChosenName[]
  /** Of names in full, as in lists. */
  readonly globs: readonly string[]
  /** Must hold for all of them; where there are neither names nor globs, for any image. */
  readonly conditions: readonly Condition[]
  readonly most: number
  /** Sizes are of that moment or later, in milliseconds since the epoch. */
  readonly notBefore: number
}

/** By name and by glob, in the order they were asked for; `tooMany`: how many there are, where that is above `most`. */
export type Matches =
  | { readonly byName: readonly (readonly ImageRow[])[]; readonly byGlob: readonly (readonly ImageRow[])[] }
  | { readonly tooMany: number }

/**
 * The images that a selection means, with names, uses and marks of this moment. Sizes are those of lists: what they are
 * made of is not gone through again for a preview, which says itself what it frees.
 */
export function matching(db: Db, ask: MatchAsk): Matches {
  const { value, asOf } = ledgerOf(db, ask.notBefore)
  return matchingSince(db, { ledger: value, asOf }, ask)
}

/** A ledger of some moment, in milliseconds since the epoch. */
interface Past {
  readonly ledger: Ledger
  readonly asOf: number
}

/** As `matching`, by a ledger that may be behind. */
export function matchingSince(db: Db, past: Past, ask: MatchAsk): Matches {
  const { ledger } = past
  const { names, conditions } = ask
  const test = imageTest({ conditions })
  return db.transaction((): Matches => {
    const byName = chosenFacts(db, ledger, { names, whole: conditions.length > 0 }).map((all) =>
      all.filter(test).map(toImageRow),
    )
    const globs = ask.globs.length > 0 ? ask.globs : names.length > 0 ? [] : [undefined]
    const find = createFind(db, past, ask)
    const byGlob: (readonly ImageRow[])[] = []
    for (const glob of globs) {
      const found = find(glob)
      if (typeof found === 'number') return { tooMany: found }
      byGlob.push(found.map(toImageRow))
    }
    return { byName, byGlob }
  })()
}

/** What is used while a ledger is made may be written down a moment later. */
const MARGIN_MS = MINUTE

function createFind(db: Db, { ledger, asOf }: Past, ask: MatchAsk) {
  const nowOf = prepareNow(db)
  let changed: readonly ImageFacts[] | undefined
  return (glob: string | undefined): readonly ImageFacts[] | number => {
    const { conditions, most } = ask
    const q = glob === undefined ? {} : { q: glob }
    const candidates = ledger.images.filter(imageTest({ conditions, ...q }))
    if (candidates.length > most) return candidates.length
    changed ??= changes(db, { ledger, since: asOf - MARGIN_MS, nowOf })
    const found = new Map<string, ImageFacts>()
    for (const facts of [...candidates.map(nowOf), ...changed])
      if (facts !== undefined) found.set(`${facts.of.id} ${facts.digest}`, facts)
    return [...found.values()].filter(imageTest({ conditions, ...q }))
  }
}

/** Images that came, or got a name, since the ledger was made: they were used since. */
function changes(
  db: Db,
  { ledger, since, nowOf }: { ledger: Ledger; since: number; nowOf: ReturnType<typeof prepareNow> },
): readonly ImageFacts[] {
  const used = prepared<
    [number, number],
    { id: number; digest: Buffer; upstream: string; repository: string }
  >(
    db,
    `SELECT DISTINCT e.repository AS id, e.digest, r.upstream, r.name AS repository
       FROM (SELECT digest FROM main.blobs WHERE pinned = 0 AND used_at >= ?
             UNION ALL SELECT digest FROM main.blobs WHERE pinned = 1 AND used_at >= ?) b
            CROSS JOIN main.entries e ON e.digest = b.digest AND e.kind = 'manifest'
            CROSS JOIN main.repositories r ON r.id = e.repository WHERE r.front_end = 'oci'`,
  )
  return used.all(since, since).flatMap(({ id, digest, ...place }) => {
    const ref = toSha256(digest)
    const facts = ledgerImages(ledger, id)?.get(ref)
    if (facts !== undefined) return nowOf(facts) ?? []
    const row = isImage(db, id, digest) ? image(db, { ...place, ref })?.row : undefined
    return row === undefined ? [] : [factsOfRow(row)]
  })
}
