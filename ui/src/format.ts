import { language, tagOf, w } from './words/words.ts'

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** "71.0 MiB": three digits that count. */
export function bytes(n: number): string {
  const power = n < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(n) / 10))
  const value = n / 1024 ** power
  const digits = power === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2
  return `${number(value, digits)} ${UNITS[power]}`
}

export function exactBytes(n: number): string {
  return `${number(n)} B`
}

export function rate(bytesPerSecond: number): string {
  return `${bytes(bytesPerSecond)}/s`
}

export function number(n: number, digits = 0): string {
  return formatter(
    'number',
    digits,
    () =>
      new Intl.NumberFormat(tagOf(language.value), {
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
      }),
  ).format(n)
}

/** 0.931 as "93.1 %". */
export function percent(share: number | undefined): string {
  if (share === undefined) return '–'
  const text = number(share * 100, share > 0.9995 || share === 0 ? 0 : 1)
  return language.value === 'zh' ? `${text}%` : `${text} %`
}

/** "4 minutes ago", "in 3 days". */
export function ago(at: number, now = Date.now()): string {
  if (at === 0) return w().common.never
  const off = at - now
  const size = Math.abs(off)
  const [unit, ms] =
    size < MINUTE
      ? (['second', 1000] as const)
      : size < HOUR
        ? (['minute', MINUTE] as const)
        : size < DAY
          ? (['hour', HOUR] as const)
          : size < 60 * DAY
            ? (['day', DAY] as const)
            : (['month', 30 * DAY] as const)
  const text = formatter(
    'ago',
    0,
    () => new Intl.RelativeTimeFormat(tagOf(language.value), { numeric: 'auto' }),
  ).format(Math.round(off / ms), unit)
  // Elsewhere too a blank stands between figures and Chinese characters.
  return text.replace(/(\d)(?=\p{Script=Han})/u, '$1 ')
}

/** Date and time of day, for those who want to know exactly. */
export function moment(at: number): string {
  return formatter(
    'moment',
    0,
    () => new Intl.DateTimeFormat(tagOf(language.value), { dateStyle: 'medium', timeStyle: 'medium' }),
  ).format(at)
}

/** "1.3 s", "280 ms". */
export function span(ms: number): string {
  return ms < 1000
    ? `${number(ms)} ms`
    : ms < MINUTE
      ? `${number(ms / 1000, 1)} s`
      : `${number(ms / MINUTE, 1)} min`
}

/** The part of a digest that people compare. */
export function shortDigest(digest: string): string {
  return digest.replace(/^sha\d+:/, '').slice(0, 12)
}

const formatters = new Map<string, unknown>()

/** Making one costs more than using it a thousand times. */
function formatter<T>(what: string, digits: number, make: () => T): T {
  const key = `${language.value} ${what} ${digits}`
  const known = formatters.get(key) ?? make()
  formatters.set(key, known)
  return known as T // One maker per key.
}
