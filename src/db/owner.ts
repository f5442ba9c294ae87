import { truncateSync } from 'node:fs'
import Database from 'better-sqlite3'
import { isDamage } from './damage.ts'
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
  try {
    return claim(file)
  } catch (error) {
    if (!isDamage(error)) throw error
    // Nothing is kept in it. It stays the same file, so that a lock which somebody has on it still counts.
    truncateSync(file)
    return claim(file)
  }
}

function claim(file: string): Claim | undefined {
  let db: Database.Database | undefined
  try {
    db = new Database(file)
    db.pragma('busy_timeout = 0')
    db.pragma('journal_mode = DELETE')
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db?.close()
    // A failing disk is told by those who need it; the claim is tried again.
    if (isStorageTrouble(error) && !isDamage(error)) return undefined
    throw error
  }
  const claimed = db
  return { release: () => void claimed.close() }
}
