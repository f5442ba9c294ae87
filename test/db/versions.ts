import { hash } from 'node:crypto'
import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { migrate } from '../../src/db/migrate.ts'
import { openDb } from '../../src/db/open.ts'

export const MIGRATIONS = join(import.meta.dirname, '../../migrations')

export interface FirstVersion {
  readonly file: string
  /** Names and blobs in it. */
  readonly count: number
}

/** An index as the first release made it, with rows, closed. */
export async function makeFirstVersion(folder: string, count: number): Promise<FirstVersion> {
  const dir = join(folder, 'migrations-1')
  await mkdir(dir)
  await copyFile(join(MIGRATIONS, '0001_init.sql'), join(dir, '0001_init.sql'))
  const file = join(folder, 'cachalot.db')
  const db = openDb(file)
  migrate(db, dir)
  db.exec("INSERT INTO repositories VALUES (1, 'oci', 'docker.io', 'library/app')")
  const blob = db.prepare('INSERT INTO blobs VALUES (?, ?, 7, 1000, 2000, 3000, 0)')
  const entry = db.prepare(
    "INSERT INTO entries VALUES (1, 'blob', ?, ?, 'text/x', ?, NULL, NULL, 1000, 4000)",
  )
  db.transaction(() => {
    for (let n = 0; n < count; n++) {
      const digest = hash('sha256', `${n}`, 'buffer')
      blob.run(digest, n)
      entry.run(digest, digest, n)
    }
  })()
  db.close()
  return { file, count }
}
