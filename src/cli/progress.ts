import { type Clock, SECOND } from '../domain/clock.ts'
import { withoutControls } from '../domain/text.ts'
import { formatBytes, formatDuration } from '../domain/units.ts'
import { bar } from './bar.ts'
import { formatCount } from './cells.ts'
import type { Screen } from './terminal.ts'
import { displayWidth, fit, toAscii } from './width.ts'

/** How far long work is; totals are 0 where they are not known yet. */
export interface Standing {
  readonly subject: string
  readonly done: number
  readonly total: number
  readonly bytes: number
  readonly bytesTotal: number
}

export interface Progress {
  update(standing: Standing): void
  /** Takes an unfinished line off the screen, so that what follows starts on a line of its own. */
  clear(): void
}

export interface ProgressAsk {
  readonly screen: Screen
  readonly clock: Clock
  readonly write: (text: string) => void
  /** "deleting" */
  readonly verb: string
  /** "objects" */
  readonly noun: string
}

const REDRAW = 100
const PLAIN_EVERY = 10 * SECOND
const BAR = 32
const SHORTEST_BAR = 10
/** Before this a rate says nothing. */
const TELLING = SECOND

/** One line that is drawn over at most ten times a second on a terminal; elsewhere a line of its own every 10 s. */
export function createProgress(ask: ProgressAsk): Progress {
  const { screen, clock, write } = ask
  const started = clock()
  let last = screen.interactive ? -Infinity : started
  let drawn = false
  return {
    update: (standing) => {
      const now = clock()
      if (now - last < (screen.interactive ? REDRAW : PLAIN_EVERY)) return
      last = now
      const text = lineOf(standing, now - started, ask)
      write(screen.interactive ? `\r${text}\u001b[K` : `${text}\n`)
      drawn = screen.interactive
    },
    clear: () => {
      if (drawn) write('\r\u001b[K')
      drawn = false
    },
  }
}

/** For --quiet. */
export const SILENT_PROGRESS: Progress = { update: () => undefined, clear: () => undefined }

/** The line for one standing after `elapsed` ms, no wider than the screen. */
export function lineOf(standing: Standing, elapsed: number, { screen, verb, noun }: ProgressAsk): string {
  const { done, total, bytes, bytesTotal, subject } = standing
  const share = bytesTotal > 0 ? bytes / bytesTotal : total > 0 ? done / total : 0
  const known = bytesTotal > 0 || total > 0
  const facts = [
    known ? `${String(Math.floor(Math.min(1, share) * 100)).padStart(3)} %` : '',
    `${formatCount(done)}${total > 0 ? `/${formatCount(total)}` : ''} ${noun}`,
    bytes > 0 || bytesTotal > 0 ? sizes(bytes, bytesTotal) : '',
    ...speed({ bytes, share, elapsed }),
  ].filter((fact) => fact !== '')
  const tail = facts.join('  ')
  if (!screen.interactive) return `${verb} ${tail.trim()}`
  // One column stays free: some terminals wrap a full line.
  const room = screen.columns - 1 - displayWidth(`${verb} ${tail}`)
  const gauge = known && room > SHORTEST_BAR ? `${bar(share, Math.min(BAR, room - 1), screen)} ` : ''
  const left = room - displayWidth(gauge) - 2
  const label = subject !== '' && left >= SHORTEST_BAR ? `  ${fit(withoutControls(subject), left)}` : ''
  const text = fit(`${verb} ${gauge}${tail}${label}`, screen.columns - 1)
  return screen.unicode ? text : toAscii(text)
}

function sizes(bytes: number, total: number): string {
  return total > 0 ? `${formatBytes(bytes)}/${formatBytes(total)}` : formatBytes(bytes)
}

function speed({ bytes, share, elapsed }: { bytes: number; share: number; elapsed: number }): string[] {
  if (elapsed < TELLING) return []
  const rate = bytes > 0 ? `${formatBytes(Math.round((bytes / elapsed) * SECOND))}/s` : ''
  const left = share > 0 && share < 1 ? `ETA ${formatDuration((elapsed / share) * (1 - share))}` : ''
  return [rate, left]
}
