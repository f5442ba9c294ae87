import { number } from '../format.ts'
import { language, tagOf } from '../words/words.ts'

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** Distances that people count in; the largest number of marks that still reads well is seven. */
const DISTANCES = [MINUTE, 5 * MINUTE, 10 * MINUTE, HOUR, 4 * HOUR, DAY, 5 * DAY, 30 * DAY]
const MOST_MARKS = 7

export interface Mark {
  /** 0 to 1. */
  readonly at: number
  readonly text: string
}

export interface ByteScale {
  /** What the upper edge stands for. */
  readonly top: number
  readonly marks: readonly Mark[]
}

/** From zero to a little above the largest value, with three to five lines at powers of two. */
export function byteScale(largest: number): ByteScale {
  const step = 2 ** Math.ceil(Math.log2(Math.max(largest, 4) / 4))
  const top = step * Math.max(1, Math.ceil(largest / step))
  const marks = Array.from({ length: top / step + 1 }, (_, i) => ({
    at: (i * step) / top,
    text: axisBytes(i * step),
  }))
  return { top, marks }
}

/** "512 MiB", "1.5 GiB", "0": as short as it can be said. */
function axisBytes(n: number): string {
  if (n === 0) return '0'
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(n) / 10))
  const value = n / 1024 ** power
  return `${number(value, Number.isInteger(value) ? 0 : 1)} ${UNITS[power]}`
}

/** Where full minutes, hours or days of this place begin between the first and the last step. */
export function timeMarks(start: number, step: number, count: number): readonly Mark[] {
  const span = step * Math.max(1, count - 1)
  const distance = DISTANCES.find((one) => one >= step && span / one <= MOST_MARKS) ?? 30 * DAY
  const say = timeFormat(distance >= DAY ? 'day' : 'time')
  const marks: Mark[] = []
  for (let i = 0; i < count; i++) {
    const at = start + i * step
    const local = at - new Date(at).getTimezoneOffset() * MINUTE
    if (Math.floor(local / distance) === Math.floor((local - step) / distance)) continue
    marks.push({ at: i / Math.max(1, count - 1), text: say.format(at) })
  }
  return marks
}

/** The time of a step, as short as it stays clear. */
export function timeFormat(what: 'time' | 'day' | 'both'): Intl.DateTimeFormat {
  const day = { month: 'short', day: 'numeric' } as const
  const time = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
  return new Intl.DateTimeFormat(tagOf(language.value), {
    ...(what === 'time' ? {} : day),
    ...(what === 'day' ? {} : time),
  })
}
