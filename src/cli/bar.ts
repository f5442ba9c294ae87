import type { Screen } from './terminal.ts'

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** A bar of `width` columns, brackets included, that is filled to `share` (0 to 1). */
export function bar(share: number, width: number, { unicode }: Pick<Screen, 'unicode'>): string {
  const room = Math.max(1, width - 2)
  const filled = Math.min(1, Math.max(0, Number.isFinite(share) ? share : 0)) * room
  const whole = Math.floor(filled)
  if (!unicode) return `[${'#'.repeat(whole).padEnd(room, '-')}]`
  const rest = EIGHTHS[Math.floor((filled - whole) * 8)] ?? ''
  return `[${('█'.repeat(whole) + rest).padEnd(room, '░')}]`
}
