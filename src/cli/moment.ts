import { DAY } from '../domain/clock.ts'
import { parseDuration } from '../domain/units.ts'

/**
 * When something ends: "30d" from now, "2026-12-31" through the end of that day on this machine, or a full RFC 3339
 * time. Undefined for anything else and for the past.
 */
export function momentOf(text: string, now: number): number | undefined {
  const span = parseDuration(text)
  if (span !== undefined) return span > 0 ? now + span : undefined
  const moment = dayEnd(text) ?? (/^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN)
  return moment > now ? moment : undefined
}

function dayEnd(text: string): number | undefined {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? []
  if (year === undefined || month === undefined || day === undefined) return undefined
  const start = new Date(Number(year), Number(month) - 1, Number(day))
  // The 31st of a shorter month would become a day of the next one.
  if (start.getDate() !== Number(day) || start.getMonth() !== Number(month) - 1) return undefined
  // Noon of the next day lies in it however clocks are changed, and so does its own midnight.
  return new Date(start.getTime() + 1.5 * DAY).setHours(0, 0, 0, 0)
}
