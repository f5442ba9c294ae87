import type { AnnexPlace } from '../../cache/annex.ts'
import type { Budgets } from '../../cache/budgets.ts'
import type { Departures } from '../../cache/departures.ts'
import type { Leaving } from '../../cache/leaving.ts'
import type { Ledger } from '../../cache/ledger.ts'
import type { Pinned } from '../../cache/pinned.ts'
import type { Removal } from '../../cache/removal.ts'
import type { Undo } from '../../cache/undo.ts'
import type { Index } from '../../db/index.ts'
import type { Clock } from '../../domain/clock.ts'
import type { Log } from '../../domain/log.ts'
import type { Store } from '../../store/store.ts'
import type { GcSettings } from './goal.ts'

/** What a clean-up works with. */
export interface GcDeps {
  readonly index: Index
  readonly store: Store
  readonly ledger: Ledger
  readonly budgets: Budgets
  readonly leaving: Leaving
  readonly departures: Pick<Departures, 'note'>
  readonly removal: Removal
  readonly undo: Undo
  readonly pinned: Pinned
  readonly annex: AnnexPlace
  readonly settings: () => GcSettings
  readonly clock: Clock
  readonly log: Log
}
