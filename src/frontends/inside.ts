import type { Access } from '../domain/access.ts'
import type { Notes } from './front-end.ts'

/** A request that nobody sent: what the cache asks of itself in the place of a client. */
export interface InsideAsk {
  /** Raw, with its query: "/hf/org/model/resolve/main/config.json". */
  readonly path: string
  /** What whoever has it asked may do. */
  readonly access: Access
  /** Longest body that is given back, in bytes; undefined: it is read to its end and thrown away. */
  readonly most?: number
  readonly signal: AbortSignal
  /** Told of bytes as they come, with how many there will be, where that is known. */
  readonly took?: (bytes: number, total: number | undefined) => void
}

export interface InsideAnswer {
  /** Lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Empty unless it was asked for. */
  readonly body: Buffer
  /** What the front end says of it: its name, how it came about. */
  readonly notes: Readonly<Notes>
}

/**
 * Asks a front end as a client would, to the end of the answer. Rejects with the AppError that a client would be told
 * of, and with the reason of the signal.
 */
export type AskInside = (ask: InsideAsk) => Promise<InsideAnswer>
