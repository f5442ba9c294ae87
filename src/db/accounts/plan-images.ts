import { onDisk } from '../../domain/blocks.ts'
import type { Sha256 } from '../../domain/digest.ts'
import { toBytes } from '../digests.ts'
import type { Db } from '../open.ts'
import { parts } from './parts.ts'
import { MOST_IMAGES } from './plan-goal.ts'
import { otherPlatforms } from './plan-platforms.ts'
import type { PartName, PlannedImage, PlannedImages, PlanOrder } from './plan-shape.ts'
import { untaggedImages } from './plan-untagged.ts'
import { type Removal, removal } from './removal.ts'
import type { Replaced, ReplacedImage } from './replaced.ts'

/** By reason. */
export interface ImageReasons {
  readonly replaced: Replaced
  readonly untagged: PlannedImages
  readonly platform: PlannedImages
}

/** Images that a goal is about, as the index is now, and how many are left for later. Part of a plan, after `openScope`. */
export function imagesOfGoal(db: Db, ask: PlanOrder): GoalImages {
  const { goal } = ask
  const untagged = goal?.kind === 'untagged' ? untaggedImages(db, ask) : []
  const platform = goal?.kind === 'platforms' ? otherPlatforms(db, ask, goal.keep) : []
  return {
    untagged: untagged.slice(0, MOST_IMAGES),
    platform: platform.slice(0, MOST_IMAGES),
    later: Math.max(0, untagged.length + platform.length - MOST_IMAGES),
  }
}

interface GoalImages {
  readonly untagged: readonly PlannedImage[]
  readonly platform: readonly PlannedImage[]
  readonly later: number
}

interface Chosen {
  readonly replaced: readonly ReplacedImage[]
  readonly untagged: readonly PlannedImage[]
  readonly platform: readonly PlannedImage[]
}

/**
 * What goes with them, reason by reason: what two of them share goes with the later one. Marks it as planned; what is being
 * read stays.
 */
export function accountImages(db: Db, { replaced, untagged, platform }: Chosen): ImageReasons {
  // What lost its tag lately may have no tag at all, which is no second reason.
  const known = new Set(replaced.map(textOf))
  const others = untagged.filter((image) => !known.has(textOf(image)))
  const first = removalOf(db, replaced)
  const replacedSums = mark(db, first.digests)
  const second = others.length === 0 ? first : removalOf(db, [...replaced, ...others])
  const untaggedSums = mark(db, second.digests)
  return {
    replaced: { images: replaced, ...replacedSums, total: first.total },
    untagged: { images: others, ...untaggedSums, total: second.total - first.total },
    platform: accountParts(db, platform, second),
  }
}

const NOTHING = { entries: [], digests: [], total: 0 }

function removalOf(db: Db, images: readonly PartName[]): Pick<Removal, 'entries' | 'digests' | 'total'> {
  return images.length === 0 ? NOTHING : removal(db, { images })
}

function accountParts(
  db: Db,
  images: readonly PlannedImage[],
  before: Pick<Removal, 'entries' | 'total'>,
): PlannedImages {
  if (images.length === 0) return { images, objects: 0, total: 0, frees: 0 }
  const gone = before.entries.filter(({ kind }) => kind === 'manifest')
  const { digests, total } = parts(db, { images: [...gone, ...images] })
  return { images, ...mark(db, digests), total: total - before.total }
}

/** Marks as planned what is not yet; counts what is new. */
function mark(db: Db, digests: readonly Sha256[]): { objects: number; frees: number } {
  const add = db
    .prepare<[Buffer], number>(
      `INSERT INTO temp.planned SELECT digest, size FROM main.blobs
        WHERE digest = ? AND digest NOT IN temp.held AND digest NOT IN (SELECT digest FROM temp.planned)
       RETURNING size`,
    )
    .pluck()
  const sizes = digests.map((digest) => add.get(toBytes(digest))).filter((size) => size !== undefined)
  return { objects: sizes.length, frees: sizes.reduce((sum, size) => sum + onDisk(size), 0) }
}

function textOf({ upstream, repository, digest }: PartName): string {
  return `${upstream}/${repository}@${digest}`
}
