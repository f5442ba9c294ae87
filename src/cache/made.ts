import { randomBytes } from 'node:crypto'
import type { Index } from '../db/index.ts'
import { type Clock, MINUTE } from '../domain/clock.ts'
import { digestOf } from '../domain/digest.ts'
import type { EntryKey } from '../domain/names.ts'
import type { Store } from '../store/store.ts'
import type { Landing } from './landing.ts'
import type { Quota } from './quota.ts'
import type { Shelf } from './shelf.ts'
import { isTrouble } from './trouble.ts'
import type { Want } from './want.ts'

/** Small texts that are made here: kept, counted and evicted as what comes from upstreams is. */
export interface Made {
  /** Undefined when there is none, or its bytes are gone. To find one is a use of it. */
  find(key: EntryKey): Promise<string | undefined>
  /** Notes a use of one, or that what it is about was used: it shall be here for longer than that. */
  used(key: EntryKey): void
  /** Does nothing but report where index or disk refuse. */
  keep(key: EntryKey, text: string): Promise<void>
}

/** Milliseconds: what it is about lands after it, and its last byte leaves before it landed. */
const LATER = MINUTE

export function createMade(deps: {
  readonly index: Index
  readonly store: Store
  readonly quota: Quota
  readonly landing: Landing
  readonly shelf: Shelf
  readonly clock: Clock
  readonly report: (error: unknown) => void
}): Made {
  const { index, store, quota, landing, shelf, clock } = deps

  const used: Made['used'] = (key) => {
    const entry = index.entries.find(key)
    if (entry !== undefined)
      index.uses.note({ key, digest: entry.digest, at: clock() + LATER, pulled: false })
  }

  const land = async (key: EntryKey, bytes: Buffer): Promise<number | undefined> => {
    const part = await store.begin(`document-${randomBytes(12).toString('hex')}`, undefined)
    let grown: number | undefined
    try {
      await part.write(bytes)
      await part.flushed()
      if (part.state === 'broken') throw part.reason
      await part.verify(undefined)
      grown = await landing.land({ part, digest: digestOf(bytes), names: [wantOf(key)], answer: undefined })
      return grown
    } finally {
      if (grown === undefined) await store.discard(part).catch(() => undefined)
      part.release()
    }
  }

  return {
    find: async (key) => {
      const entry = index.entries.find(key)
      if (entry?.blob === undefined) return undefined
      used(key)
      return (await shelf.loadAll({ digest: entry.digest, ...entry.blob }))?.toString('utf8')
    },
    used,
    keep: async (key, text) => {
      const bytes = Buffer.from(text)
      try {
        const reservation = await quota.reserve(bytes.length, key.upstream)
        if (reservation === undefined) return
        try {
          quota.settle((await land(key, bytes)) ?? 0)
          used(key)
        } finally {
          reservation.release()
        }
      } catch (error) {
        if (!isTrouble(error)) throw error
        deps.report(error)
      }
    },
  }
}

/** Nobody is ever asked for it. */
function wantOf(key: EntryKey): Want {
  return {
    key,
    request: { upstream: key.upstream, path: '' },
    digest: undefined,
    freshness: { kind: 'immutable' },
    missing: 'not_found',
    maxBytes: 0,
    keepHeaders: [],
  }
}
