import { DAY, HOUR } from '../domain/clock.ts'

/** What counts about a certificate that is in use. */
export interface CertificateFacts {
  readonly names: readonly string[]
  /** Milliseconds since the epoch. */
  readonly validFrom: number
  readonly validTo: number
}

export interface Standing {
  readonly certificate: CertificateFacts | undefined
  /** The authority's directory that it came from. */
  readonly directory: string | undefined
  /** Attempts that failed since the last one that did not. */
  readonly failures: number
  /** When the last one failed. */
  readonly failedAt: number
}

export interface Wish {
  readonly domains: readonly string[]
  readonly directory: string
}

export type Reason = 'missing' | 'names' | 'authority' | 'due'

export type Decision =
  | { readonly kind: 'obtain'; readonly why: Reason }
  | { readonly kind: 'wait'; readonly until: number }

const BACK_OFF = [HOUR, 4 * HOUR, 12 * HOUR, DAY]

/** Whether to ask the authority now. Failures are waited out first, since authorities count them too. */
export function decide(standing: Standing, wish: Wish, now: number): Decision {
  const why = reasonOf(standing, wish, now)
  if (why === undefined) return { kind: 'wait', until: nextLookAt(standing.certificate, now) }
  const until = retryAt(standing, now)
  return until > now ? { kind: 'wait', until } : { kind: 'obtain', why }
}

function reasonOf({ certificate, directory }: Standing, wish: Wish, now: number): Reason | undefined {
  if (certificate === undefined) return 'missing'
  if (!isSameSet(certificate.names, wish.domains)) return 'names'
  if (directory !== wish.directory) return 'authority'
  return now >= dueAt(certificate) ? 'due' : undefined
}

/** When to look again at a certificate that is good: in a day, sooner where it is due sooner, never at once. */
export function nextLookAt(certificate: CertificateFacts | undefined, now: number): number {
  const due = certificate === undefined ? now : dueAt(certificate)
  return Math.min(now + DAY, Math.max(due, now + HOUR))
}

/** Two thirds of its time are over. */
export function dueAt({ validFrom, validTo }: CertificateFacts): number {
  return validFrom + ((validTo - validFrom) * 2) / 3
}

/** When the next attempt may be made; the past where nothing stands in its way. */
function retryAt({ failures, failedAt }: Standing, now: number): number {
  if (failures === 0) return now
  const pause = BACK_OFF[Math.min(failures, BACK_OFF.length) - 1] ?? DAY
  // A clock that was set back must not keep us from trying for years.
  return Math.min(failedAt, now) + pause
}

export function isSameSet(left: readonly string[], right: readonly string[]): boolean {
  const wanted = new Set(right)
  return wanted.size === new Set(left).size && left.every((name) => wanted.has(name))
}
