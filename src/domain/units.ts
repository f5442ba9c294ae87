import { DAY, HOUR, MINUTE, SECOND } from './clock.ts'

export const KIB = 1024
export const MIB = 1024 * KIB
export const GIB = 1024 * MIB
export const TIB = 1024 * GIB

const BYTE_UNITS: Record<string, number> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: KIB,
  mib: MIB,
  gib: GIB,
  tib: TIB,
}

const TIME_UNITS: Record<string, number> = {
  ms: 1,
  s: SECOND,
  m: MINUTE,
  h: HOUR,
  d: DAY,
  w: 7 * DAY,
}

/** `"50GiB"`, `"1.5 GB"`, `"0"` to bytes; undefined for anything else. A bare number is bytes. */
export function parseBytes(text: string): number | undefined {
  return parseUnit(text, BYTE_UNITS)
}

/** `"5m"`, `"30d"`, `"0"` to milliseconds; undefined for anything else. Only zero goes without a unit. */
export function parseDuration(text: string): number | undefined {
  return text.trim() === '0' ? 0 : parseUnit(text, TIME_UNITS)
}

function parseUnit(text: string, units: Record<string, number>): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,6})?) ?([a-z]{0,3})$/i.exec(text.trim())
  const factor = match?.[2] === undefined ? undefined : units[match[2].toLowerCase()]
  if (match === null || factor === undefined || !Object.hasOwn(units, match[2]?.toLowerCase() ?? ''))
    return undefined
  const value = Math.round(Number(match[1]) * factor)
  return Number.isSafeInteger(value) ? value : undefined
}

const BYTE_STEPS: readonly (readonly [string, number])[] = [
  ['TiB', TIB],
  ['GiB', GIB],
  ['MiB', MIB],
  ['KiB', KIB],
]

/** Bytes as a person reads them: `"42.7 GiB"`, `"512 B"`. */
export function formatBytes(bytes: number): string {
  const step = BYTE_STEPS.find(([, size]) => bytes >= size)
  if (step === undefined) return `${bytes} B`
  return `${Math.round((bytes / step[1]) * 10) / 10} ${step[0]}`
}

const TIME_STEPS: readonly (readonly [string, number])[] = [
  ['d', DAY],
  ['h', HOUR],
  ['m', MINUTE],
  ['s', SECOND],
]

/** Milliseconds as a person reads them, largest whole unit: `"3 h"`, `"45 s"`. */
export function formatDuration(ms: number): string {
  const step = TIME_STEPS.find(([, size]) => ms >= size)
  return step === undefined ? `${Math.round(ms)} ms` : `${Math.floor(ms / step[1])} ${step[0]}`
}
