import { type Refusal, refuse } from './parsers.ts'

interface Field {
  readonly name: string
  readonly from: number
  readonly to: number
  readonly words?: readonly string[]
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

const FIELDS: readonly Field[] = [
  { name: 'second', from: 0, to: 59 },
  { name: 'minute', from: 0, to: 59 },
  { name: 'hour', from: 0, to: 23 },
  { name: 'day of month', from: 1, to: 31 },
  { name: 'month', from: 1, to: 12, words: MONTHS },
  { name: 'day of week', from: 0, to: 7, words: WEEKDAYS },
]

/** A cron expression of five fields, or six with seconds in front; undefined for "", which means off. */
export function parseCron(text: string): string | undefined | Refusal {
  const parts = text.trim().split(/\s+/)
  if (parts[0] === '') return undefined
  if (parts.length !== 5 && parts.length !== 6) {
    return refuse('must have five fields such as "17 3 * * *" (or six, seconds first), or be "" for off')
  }
  for (const [index, part] of parts.entries()) {
    const field = FIELDS[index + FIELDS.length - parts.length]
    if (field !== undefined && !isFieldOf(field, part)) return refuse(`has no such ${field.name}: "${part}"`)
  }
  return parts.join(' ')
}

/** "*", "5", "1-5", "mon", each with an optional "/2", joined by commas. */
function isFieldOf(field: Field, text: string): boolean {
  return text.split(',').every((item) => {
    const match = /^(?:\*|([a-z0-9]+)(?:-([a-z0-9]+))?)(?:\/([1-9]\d?))?$/i.exec(item)
    if (match === null) return false
    const [, first, last] = match
    return [first, last].every((word) => word === undefined || isValueOf(field, word))
  })
}

function isValueOf(field: Field, word: string): boolean {
  if (!/^\d+$/.test(word)) return field.words?.some((known) => word.toLowerCase().startsWith(known)) ?? false
  return Number(word) >= field.from && Number(word) <= field.to
}

const LENGTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Whether an expression that `parseCron` took names no day of any year: the 31st of April. */
export function isNever(text: string): boolean {
  const [days = '*', months = '*', weekdays = '*'] = text.split(' ').slice(-3)
  // Days of the week may come in beside days of the month.
  if (weekdays !== '*') return false
  const first = Math.min(...valuesOf(days, 31))
  const longest = Math.max(...valuesOf(months, 12).map((month) => LENGTHS[month - 1] ?? 31))
  return first > longest
}

/** Numbers that a field of days or months names, from 1 to `to`. */
function valuesOf(field: string, to: number): readonly number[] {
  return field.split(',').flatMap((item) => {
    const [range = '*', step = '1'] = item.split('/')
    const [from = '*', until = item.includes('/') ? String(to) : from] = range.split('-')
    if (from === '*') return everyOf(1, to, Number(step))
    const [low, high] = [numberOf(from), numberOf(until)]
    return low > high ? everyOf(1, to, 1) : everyOf(low, high, Number(step))
  })
}

function everyOf(from: number, to: number, step: number): readonly number[] {
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, at) => from + at * step)
}

function numberOf(word: string): number {
  return /^\d+$/.test(word)
    ? Number(word)
    : MONTHS.findIndex((known) => word.toLowerCase().startsWith(known)) + 1
}
