import type { Audited, AuditTable } from '../db/audit.ts'
import { isStorageTrouble } from '../db/open.ts'
import type { Clock } from '../domain/clock.ts'
import type { Log } from '../domain/log.ts'

/** What waits while the index cannot be written; beyond that only the log has it. */
const MOST_WAITING = 1000

/** Whoever may try something may write what they like as its name. */
const LONGEST_TARGET = 500
/** Characters of a detail, as JSON. */
const LONGEST_DETAIL = 4000

export type AuditEvent = Omit<Audited, 'at' | 'detail'> & { readonly detail?: unknown }

/** Remembers who did what. */
export interface Audit {
  /** Never throws: what happened has happened, whether it can be written down or not. */
  note(event: AuditEvent): void
  /** Writes what could not be written before. Call it now and then, and at the end. Never throws. */
  flush(): void
}

export interface AuditOptions {
  /** After a repair `audit` is another table, so it is asked for each time. */
  readonly index: { readonly audit: AuditTable }
  readonly clock: Clock
  readonly log: Log
}

export function createAuditor({ index, clock, log }: AuditOptions): Audit {
  let waiting: Audited[] = []
  const flush = (): void => {
    if (waiting.length === 0) return
    try {
      index.audit.add(waiting)
      waiting = []
    } catch (error) {
      if (!isStorageTrouble(error))
        log.error({ event: 'audit', err: error }, 'the audit log cannot be written')
    }
  }
  return {
    note: (event) => {
      const { who, address, action, outcome } = event
      const detail = shortened(event.detail)
      const target = event.target.slice(0, LONGEST_TARGET)
      log.info({ event: 'audit', who, address, action, target, outcome, detail }, 'audit')
      if (waiting.length < MOST_WAITING) waiting.push({ at: clock(), ...event, target, detail })
      flush()
    },
    flush,
  }
}

function shortened(detail: unknown): unknown {
  if (detail === undefined) return undefined
  const text = JSON.stringify(detail)
  return text.length <= LONGEST_DETAIL ? detail : { cut: text.slice(0, LONGEST_DETAIL) }
}
