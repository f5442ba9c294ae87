import { above } from './accounts/above.ts'
import { chosen } from './accounts/chosen.ts'
import { coldestOf } from './accounts/coldest.ts'
import { bytes, holdings } from './accounts/holdings.ts'
import { held, image } from './accounts/image.ts'
import { images, repositories } from './accounts/lists.ts'
import { pinHoldings, pinned } from './accounts/pinned.ts'
import { plan } from './accounts/plan.ts'
import { type Removal, type RemovalAsk, removal } from './accounts/removal.ts'
import { strays } from './accounts/strays.ts'
import { standings } from './accounts/tagged.ts'
import { tags } from './accounts/tags.ts'
import { totals } from './accounts/totals.ts'
import { namesBelow, tree } from './accounts/tree.ts'
import { untagged } from './accounts/untagged.ts'
import type { Db } from './open.ts'
import { traffic } from './traffic.ts'

/**
 * What the clerk can be asked. Each is a function of the connection and one input that can be copied between
 * threads, and so can its answer.
 */
export const questions = {
  above,
  chosen,
  coldestOf,
  bytes,
  holdings,
  held,
  image,
  images,
  namesBelow,
  pinHoldings,
  pinned,
  plan,
  removal: (db: Db, ask: RemovalAsk): Removal => removal(db, ask),
  repositories,
  standings,
  strays,
  tags,
  totals,
  traffic,
  tree,
  untagged,
}

export type Questions = typeof questions
