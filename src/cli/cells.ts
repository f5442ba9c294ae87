import { withoutControls } from '../domain/text.ts'
import { formatBytes, formatDuration } from '../domain/units.ts'
import type { Tone } from './paint.ts'

/** One value: as a person reads it, and as a program does. */
export interface Cell {
  readonly text: string
  /** Sizes in bytes, times in RFC 3339 (UTC), digests whole. */
  readonly raw: string
  readonly tone?: Tone
}

const NOTHING = '–'

export function words(value: string | undefined, tone?: Tone): Cell {
  return toned(
    { text: value === undefined ? NOTHING : withoutControls(value), raw: withoutControls(value ?? '') },
    tone,
  )
}

export function bytes(value: number, tone?: Tone): Cell {
  return toned({ text: formatBytes(value), raw: String(value) }, tone)
}

export function count(value: number, tone?: Tone): Cell {
  return toned({ text: formatCount(value), raw: String(value) }, tone)
}

/** How long ago something was. */
export function ago(time: number, now: number): Cell {
  const text = now - time < 1000 ? 'just now' : `${formatDuration(now - time)} ago`
  return { text, raw: isoTime(time) }
}

/** A moment, local time on a terminal. */
export function moment(time: number | undefined): Cell {
  if (time === undefined) return words(undefined)
  return { text: localTime(time), raw: isoTime(time) }
}

export function percent(part: number, whole: number): Cell {
  if (whole === 0) return words(undefined)
  return { text: formatShare(part / whole), raw: ((part / whole) * 100).toFixed(1) }
}

/** A moment, and how long ago that was. */
export function both(time: number, now: number): Cell {
  return { text: `${localTime(time)} (${ago(time, now).text})`, raw: isoTime(time) }
}

/** For people with a remark behind it. */
export function noted(cell: Cell, note: string): Cell {
  return { ...cell, text: `${cell.text} (${note})` }
}

/** At most `most` of a list for people, all of it for programs, separated by blanks. */
export function listed(values: readonly string[], most = 3): Cell {
  const raw = values.map(withoutControls).join(' ')
  if (values.length === 0) return words(undefined)
  const shown = values.slice(0, most).map(withoutControls).join(', ')
  return { text: values.length > most ? `${shown} +${values.length - most}` : shown, raw }
}

/** A digest as people compare them: its first twelve digits. */
export function digest(value: string | undefined): Cell {
  return value === undefined ? words(undefined) : { text: shortDigest(value), raw: value }
}

export function shortDigest(value: string): string {
  return value.replace(/^(sha\d+:[0-9a-f]{12})[0-9a-f]+$/, '$1')
}

/** "9 310": groups of three, so that large numbers can be compared. */
export function formatCount(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, ' ')
}

/** "91 %", one digit after the point where it is not whole. */
export function formatShare(share: number): string {
  return `${Math.round(share * 1000) / 10} %`
}

/** "1 image", "1 284 images". */
export function counted(value: number, noun: string): string {
  const plural = noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`
  return `${formatCount(value)} ${value === 1 ? noun : plural}`
}

export function isoTime(time: number): string {
  return new Date(time).toISOString()
}

/** "2026-10-04 14:02", in the time zone of the machine. */
export function localTime(time: number): string {
  const date = new Date(time)
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`
}

function toned(cell: Cell, tone: Tone | undefined): Cell {
  return tone === undefined ? cell : { ...cell, tone }
}
