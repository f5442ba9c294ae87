import type { EntryKey } from '../domain/names.ts'

/** Small texts that are made here and kept in the index like what came from upstreams. */
export interface Keeper {
  /** Undefined when there is none, or its bytes are gone. To find one is a use of it. */
  find(key: EntryKey): Promise<string | undefined>
  /** What it is about was used: it shall be here for longer than that. */
  used(key: EntryKey): void
  /** Does nothing where the disk refuses. */
  keep(key: EntryKey, text: string): Promise<void>
}
