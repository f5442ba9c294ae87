import type { Condition } from '../../domain/condition.ts'
import { toBytes } from '../digests.ts'
import type { Db } from '../open.ts'
import { above } from './above.ts'
import { imageTest } from './conditions.ts'
import { ledgerOf } from './lists.ts'
import type { PlanOrder } from './plan-shape.ts'

/**
 * - scope: repositories that are looked at
 * - spared: images there that the conditions leave alone
 * - busy: what is being read, and every manifest that has it
 */
const TABLES = `
  CREATE TEMP TABLE scope (repository INTEGER PRIMARY KEY);
  CREATE TEMP TABLE spared (repository INTEGER, digest BLOB, PRIMARY KEY (repository, digest)) WITHOUT ROWID;
  CREATE TEMP TABLE busy (digest BLOB PRIMARY KEY) WITHOUT ROWID`

/** Makes and fills the tables above. Part of a plan. */
export function openScope(
  db: Db,
  { scope = {}, held, shown }: Pick<PlanOrder, 'held' | 'scope' | 'shown'>,
): void {
  closeScope(db)
  db.exec(TABLES)
  const { upstreams, conditions = [] } = scope
  const add = db.prepare('INSERT INTO temp.scope SELECT id FROM main.repositories WHERE upstream = ?')
  if (upstreams === undefined) db.exec('INSERT INTO temp.scope SELECT id FROM main.repositories')
  else for (const upstream of new Set(upstreams)) add.run(upstream)
  // What was chosen before is not judged again.
  if (conditions.length > 0 && shown === undefined) spare(db, conditions)
  const busy = db.prepare('INSERT OR IGNORE INTO temp.busy VALUES (?)')
  for (const digest of above(db, { digests: held })) busy.run(toBytes(digest))
}

export function closeScope(db: Db): void {
  for (const table of ['scope', 'spared', 'busy']) db.exec(`DROP TABLE IF EXISTS temp.${table}`)
}

function spare(db: Db, conditions: readonly Condition[]): void {
  const matches = imageTest({ conditions })
  const add = db.prepare(
    'INSERT OR IGNORE INTO temp.spared SELECT repository, ? FROM temp.scope WHERE repository = ?',
  )
  for (const image of ledgerOf(db, true).value.images)
    if (!matches(image)) add.run(Buffer.from(image.digest.slice(7), 'hex'), image.of.id)
}

const outside = (holder: string): string =>
  `EXISTS (SELECT 1 FROM main.entries n WHERE n.digest = ${holder} AND n.repository NOT IN temp.scope)`

/** SQL: whether blob `b` belongs to repositories that are looked at, and to no others. */
export const ONLY_IN_SCOPE = `(
  NOT ${outside('b.digest')}
  AND NOT EXISTS (SELECT 1 FROM main.edges x CROSS JOIN main.entries n ON n.digest = x.parent AND n.kind = 'manifest'
                   WHERE x.child = b.digest AND n.repository NOT IN temp.scope)
  AND (EXISTS (SELECT 1 FROM main.entries n WHERE n.digest = b.digest)
       OR EXISTS (SELECT 1 FROM main.edges x CROSS JOIN main.entries n ON n.digest = x.parent
                   WHERE x.child = b.digest)))`
