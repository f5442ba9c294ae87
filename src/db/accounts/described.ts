import type { Db } from '../open.ts'
import { prepared } from '../prepared.ts'
import { platformsIn } from './ledger.ts'
import type { ImageRow } from './rows.ts'

/** What the configs of an image say of it. */
export function descriptionOf(db: Db, digest: Buffer): Pick<ImageRow, 'created' | 'platforms'> {
  const row = prepared<[Buffer], { created: number | null; platform: string | null }>(
    db,
    'SELECT created, platform FROM main.descriptions WHERE digest = ?',
  ).get(digest)
  return { created: row?.created ?? undefined, platforms: platformsIn({ platforms: row?.platform ?? '' }) }
}
