import Database from 'better-sqlite3'
import { isStorageTrouble } from './open.ts'

export interface Claim {
  release(): void
}

/**
 * Claims the data folder for this process, or returns undefined while another one has it. The claim is an open
 * exclusive transaction on a file of its own: the kernel drops the lock when the process ends, however it ends,
 * so a crash leaves nothing to clean up. Only the owner continues or sweeps parts.
 */
export function claimDataFolder(file: string): Claim | undefined {
  let db: Database.Database | undefined
  try {
    db = new Database(file)
    db.pragma('busy_timeout = 0')
    db.pragma('journal_mode = DELETE')
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db?.close()
    // A failing disk is told by those who need it; the claim is tried again.
    if (isStorageTrouble(error)) return undefined
    throw error
  }
  const claimed = db
  return { release: () => void claimed.close() }
}
