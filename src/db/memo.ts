import type { Db } from './open.ts'

const MOST = 20_000

/** Rows that were just read, so that a busy name costs no statement. */
export interface Memo<T> {
  find(key: string, look: () => T | undefined): T | undefined
  /** Call with every write that could change what is remembered. */
  clear(): void
  /** Forgets everything if another process wrote since the last call. */
  checkOthers(): void
}

/** Absent rows are not remembered. Inside a transaction nothing is: it may yet be rolled back. */
export function createMemo<T>(db: Db): Memo<T> {
  const known = new Map<string, T>()
  const version = (): unknown => db.pragma('data_version', { simple: true })
  let seen = version()
  return {
    find: (key, look) => {
      const remembered = known.get(key)
      if (remembered !== undefined) return remembered
      const found = look()
      if (found === undefined || db.inTransaction) return found
      if (known.size >= MOST) known.clear()
      known.set(key, found)
      return found
    },
    clear: () => known.clear(),
    checkOthers: () => {
      const now = version()
      if (now !== seen) known.clear()
      seen = now
    },
  }
}
