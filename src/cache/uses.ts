import type { Index } from '../db/index.ts'
import { isTrouble } from './trouble.ts'

/** Writes down what was used, sent and found gone up to now, where the index lets it: while another process writes, that can wait. */
export function writeUses(index: Index, report: (error: unknown) => void = () => undefined): void {
  try {
    index.uses.flush()
    index.entries.flushNews()
    index.usage.flush()
    index.keys.flush()
  } catch (error) {
    if (!isTrouble(error)) throw error
    report(error)
  }
}
