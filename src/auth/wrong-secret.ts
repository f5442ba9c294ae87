import { hash } from 'node:crypto'
import type { AuditEvent } from './audit.ts'
import type { Throttle } from './throttle.ts'

/** A key or token that opens nothing, or nothing any more. */
export interface WrongSecret {
  readonly secret: string
  readonly action: 'key' | 'token'
  /** Whose it was, as the audit log has it. */
  readonly who: string
  readonly why: string
  readonly address: string
}

/** Slows whoever guesses, and writes it down. Throws AppError `too_many_requests`. */
export function noteWrongSecret(
  { secret, action, who, why, address }: WrongSecret,
  { throttle, audit }: { readonly throttle: Throttle; readonly audit: (event: AuditEvent) => void },
): void {
  // A client that goes on with one that was revoked guesses once, not with every request.
  const attempt = throttle.begin({ address, user: undefined, isNeeded: true })
  const isFurther = attempt.failed(hash('sha256', secret))
  if (isFurther) audit({ who, address, action, target: '', outcome: 'refused', detail: { why } })
}
