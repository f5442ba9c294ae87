import Database from 'better-sqlite3'

export interface Claim {
  release(): void
}

/**
 * Claims the data folder for this process, or returns undefined while another one has it. The claim is an open
 * exclusive transaction on a file of its own: the kernel drops the lock when the process ends, however it ends,
 * so a crash leaves nothing to clean up. Only the owner continues or sweeps parts.
 */
export function claimDataFolder(file: string): Claim | undefined {
  const db = new Database(file)
  try {
    db.pragma('busy_timeout = 0')
    db.pragma('journal_mode = DELETE')
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) return undefined
    throw error
  }
  return { release: () => db.close() }
}
