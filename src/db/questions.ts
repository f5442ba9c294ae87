import { above } from './accounts/above.ts'
import { asPlanned } from './accounts/as-planned.ts'
import { bonds } from './accounts/bonds.ts'
import { coldestOf } from './accounts/coldest.ts'
import { file, filesOf, sizeHere } from './accounts/file-detail.ts'
import { fileStandings, matchingFiles } from './accounts/file-matching.ts'
import { fileKinds, fileRepositories, files } from './accounts/files.ts'
import { goneOf } from './accounts/gone.ts'
import { tagsHere, whereTagsLead } from './accounts/here.ts'
import { bytes, holdings } from './accounts/holdings.ts'
import { held, image } from './accounts/image.ts'
import { imagesOf } from './accounts/images-of.ts'
import { images, repositories } from './accounts/lists.ts'
import { matching } from './accounts/matching.ts'
import { parts } from './accounts/parts.ts'
import { fileContents, pinHoldings, pinned } from './accounts/pinned.ts'
import { plan } from './accounts/plan.ts'
import { platforms } from './accounts/platform-list.ts'
import { type Removal, type RemovalAsk, type RemovalSums, removal, removalSums } from './accounts/removal.ts'
import { strays } from './accounts/strays.ts'
import { standings } from './accounts/tagged.ts'
import { beside, tags } from './accounts/tags.ts'
import { totals } from './accounts/totals.ts'
import { namesBelow, tree } from './accounts/tree.ts'
import { untagged } from './accounts/untagged.ts'
import { sharedWith } from './accounts/usage.ts'
import type { Db } from './open.ts'
import { pullDays } from './pull-days.ts'
import { traffic } from './traffic.ts'

/**
 * What the clerk can be asked. Each is a function of the connection and one input that can be copied between
 * threads, and so can its answer.
 */
export const questions = {
  above,
  asPlanned,
  beside,
  bonds,
  coldestOf,
  bytes,
  file,
  fileContents,
  fileKinds,
  fileRepositories,
  files,
  filesOf,
  fileStandings,
  sizeHere,
  goneOf,
  holdings,
  held,
  image,
  images,
  imagesOf,
  matching,
  matchingFiles,
  namesBelow,
  parts,
  pinHoldings,
  pinned,
  plan,
  platforms,
  pullDays,
  removal: (db: Db, ask: RemovalAsk): Removal => removal(db, ask),
  removalSums: (db: Db, ask: RemovalAsk): RemovalSums => removalSums(db, ask),
  repositories,
  sharedWith,
  standings,
  strays,
  tags,
  tagsHere,
  totals,
  traffic,
  tree,
  untagged,
  whereTagsLead,
}

export type Questions = typeof questions
