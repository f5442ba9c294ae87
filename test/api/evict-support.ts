import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { BoundPreview, Evicted } from '../../src/api/contract-evict.ts'
import { apiOf } from '../jobs/support.ts'
import type { Cachalot } from '../support/cachalot.ts'

export function select(cache: Cachalot, ...names: string[]): Promise<BoundPreview> {
  return apiOf(cache).post('/selection', { names })
}

/** Looks, and takes out what was shown. */
export async function evict(
  cache: Cachalot,
  names: readonly string[],
  mode: 'undo' | 'now' = 'undo',
): Promise<Evicted> {
  const { previewId } = await select(cache, ...names)
  return await apiOf(cache).post('/evict', { previewId, mode })
}

/** Every name with all that the index knows of it. */
export function nameRows(dataDir: string): readonly unknown[] {
  const db = new Database(join(dataDir, 'cachalot.db'), { readonly: true })
  try {
    return db.prepare('SELECT * FROM entries ORDER BY repository, kind, ref').all()
  } finally {
    db.close()
  }
}
