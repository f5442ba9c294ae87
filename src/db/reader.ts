import { type Db, openToRead } from './open.ts'

/** A connection for long questions. Its temporary tables live in memory and belong to it alone. */
export function openReader(file: string): Db {
  const db = openToRead(file)
  db.pragma('temp_store = MEMORY')
  db.pragma('cache_size = -65536')
  db.pragma('mmap_size = 1073741824')
  return db
}
