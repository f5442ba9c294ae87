import type { Sha256 } from '../../domain/digest.ts'
import { blocksOf } from '../blocks.ts'

/** Times are milliseconds since the epoch, sizes bytes on disk. */
export interface PlanAsk {
  readonly now: number
  /** Documents and pointers confirmed before that are of no use any more. */
  readonly staleBefore: number
  /** Images that lost their tag before that, and were not asked for by digest since, go. */
  readonly replacedBefore: number
  /** What was not used since goes; undefined: nothing for that reason. By upstream where it has its own. */
  readonly unusedBefore: number | undefined
  readonly unusedBeforeOf: Readonly<Record<string, number | undefined>>
  /** Content used since stays, whatever is to be freed. */
  readonly youngSince: number
  /** Content that is being read. */
  readonly held: readonly Sha256[]
  /** Images that cannot be pulled again stay, as far as their upstreams said. */
  readonly keepsGone?: boolean | undefined
  /** What upstreams take above what they may. */
  readonly over: readonly { readonly upstream: string; readonly bytes: number }[]
  /** Bytes to free in all; what goes for other reasons counts. */
  readonly free: number
}

/** Bytes on disk of the blob row `b`. */
export const BLOCKS = blocksOf('b.size')

export interface CandidateRow {
  digest: Buffer
  size: number
  used_at: number
}
