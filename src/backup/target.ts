import type { Piece } from './contents.ts'

/** How a piece came along: `kept` where the target had it from before. */
export type Taken = 'taken' | 'kept' | 'missing'

/** What a backup is written to. */
export interface Target {
  /** Where the copy of the index is to be made. */
  readonly index: string
  /** Takes a file of which `size` is known where it never changes; `missing` where it is not there any more. */
  take(piece: Piece, size?: number): Promise<Taken>
  /** The copy of the index, and what tells of all; from then on the backup counts. */
  finish(manifest: string): Promise<void>
  /** To be called in the end, whatever happened. */
  close(): Promise<void>
}

/** Errors of the file system carry a code. */
export function isGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}
