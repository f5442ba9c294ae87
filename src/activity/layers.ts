import type { Outcome } from '../domain/names.ts'
import type { Ongoing } from './running.ts'

/**
 * How a layer comes. hit, stale: it was here; fetching, joined, bypass: under way from the upstream; done: all of
 * it came from there; failed: nobody is at it any more, and something is missing.
 */
export type LayerState = 'hit' | 'fetching' | 'joined' | 'stale' | 'bypass' | 'done' | 'failed'

/** What one client has of one blob. */
export interface LayerView {
  readonly digest: string
  readonly size: number | undefined
  readonly done: number
  readonly state: LayerState
}

/** A blob that a client asked for in one request or several: again after a cut, or in ranges side by side. */
export interface Layer {
  begin(ongoing: Ongoing): void
  end(ongoing: Ongoing): void
  view(): LayerView
}

const RUNNING: Readonly<Record<Outcome, LayerState>> = {
  hit: 'hit',
  revalidated: 'hit',
  stale: 'stale',
  miss: 'fetching',
  joined: 'joined',
  bypass: 'bypass',
}

const ENDED: Readonly<Record<Outcome, LayerState>> = {
  ...RUNNING,
  miss: 'done',
  joined: 'done',
  bypass: 'done',
}

const PARTIAL = 206

export function createLayer(digest: string): Layer {
  const running = new Set<Ongoing>()
  let size: number | undefined
  /** Bytes of the longest request for the whole, and of all ranges. */
  let whole = 0
  let ranges = 0
  let ended: LayerState = 'done'

  return {
    begin: (ongoing) => void running.add(ongoing),
    end: (ongoing) => {
      const { notes, res } = ongoing.running
      running.delete(ongoing)
      size = notes.size ?? size
      if (res.statusCode === PARTIAL) ranges += notes.bytes
      else whole = Math.max(whole, notes.bytes)
      // A client that leaves is no error; that something is missing shows in the bytes.
      const isCut = res.statusCode === 200 && notes.bytes < (notes.size ?? 0)
      const failed = notes.error !== undefined || isCut
      ended = failed ? 'failed' : ENDED[notes.outcome ?? 'miss']
    },
    view: () => {
      let now = whole
      let parts = ranges
      let state = ended
      let total = size
      for (const { running: one } of running) {
        const { notes, res } = one
        total = notes.size ?? total
        state = RUNNING[notes.outcome ?? 'miss']
        if (res.statusCode === PARTIAL) parts += notes.bytes
        else now = Math.max(now, notes.bytes)
      }
      return { digest, size: total, done: Math.min(total ?? Infinity, now + parts), state }
    },
  }
}
