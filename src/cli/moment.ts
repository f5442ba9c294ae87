import { DAY } from '../domain/clock.ts'
import { parseDuration } from '../domain/units.ts'
import type { Context } from './context.ts'
import { badValue } from './flags.ts'

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

/** What --expires says; undefined where it is not given. Throws CommandError (exit 2). */
export function expiryOf({ flags, world }: Pick<Context, 'flags' | 'world'>): number | undefined {
  const text = flags.text('expires')
  if (text === undefined) return undefined
  const at = momentOf(text, world.clock())
  if (at === undefined) throw badValue('expires', text, 'like "90d" or "2026-12-31", in the future')
  return at
}
