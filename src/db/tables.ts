import { type AuditTable, createAudit } from './audit.ts'
import { type Blobs, createBlobs } from './blobs.ts'
import { type Clerk, createClerk } from './clerk.ts'
import { watchClerk } from './damage.ts'
import { createDescriptions, type Descriptions } from './descriptions.ts'
import { createEdges, type Edges } from './edges.ts'
import { createEntries, type Entries, type Entry } from './entries.ts'
import { createEvictions, type Evictions } from './evictions.ts'
import { createFacts, type Facts } from './facts.ts'
import { createFound, type Found } from './found.ts'
import { createHoldings, type Holdings } from './holdings.ts'
import { createJobRuns, type JobRuns } from './job-runs.ts'
import { createKeys, type Keys } from './keys.ts'
import { createMemo, type Memo } from './memo.ts'
import type { Db } from './open.ts'
import { createPins, type Pins } from './pins.ts'
import { createSessionTable, type SessionTable } from './sessions.ts'
import { createTokenTable, type TokenTable } from './tokens.ts'
import { createUsage, type Usage } from './usage.ts'
import { createUses, type Uses } from './uses.ts'

/** Everything that speaks SQL. */
export interface Tables {
  readonly entries: Entries
  readonly blobs: Blobs
  readonly edges: Edges
  readonly holdings: Holdings
  readonly found: Found
  readonly uses: Uses
  readonly pins: Pins
  readonly usage: Usage
  readonly jobRuns: JobRuns
  readonly facts: Facts
  readonly keys: Keys
  readonly sessions: SessionTable
  readonly tokens: TokenTable
  readonly audit: AuditTable
  readonly evictions: Evictions
  readonly descriptions: Descriptions
  readonly clerk: Clerk
}

/** On one connection to the index at `file`. */
export function createTables(
  db: Db,
  file: string,
  notice: (error: unknown) => void,
): Tables & { readonly memo: Memo<Entry> } {
  const memo = createMemo<Entry>(db)
  return {
    memo,
    entries: createEntries(db, memo),
    blobs: createBlobs(db, memo),
    edges: createEdges(db),
    holdings: createHoldings(db, memo),
    found: createFound(db, memo),
    uses: createUses(db),
    pins: createPins(db),
    usage: createUsage(db),
    jobRuns: createJobRuns(db),
    facts: createFacts(db),
    keys: createKeys(db),
    sessions: createSessionTable(db),
    tokens: createTokenTable(db),
    audit: createAudit(db),
    evictions: createEvictions(db, memo),
    descriptions: createDescriptions(db),
    clerk: watchClerk(createClerk(file), notice),
  }
}

/** The same tables, each looked up when it is used: after a repair they are those of another file. */
export function followTables(now: () => Tables): Tables {
  return {
    get entries() {
      return now().entries
    },
    get blobs() {
      return now().blobs
    },
    get edges() {
      return now().edges
    },
    get holdings() {
      return now().holdings
    },
    get found() {
      return now().found
    },
    get uses() {
      return now().uses
    },
    get pins() {
      return now().pins
    },
    get usage() {
      return now().usage
    },
    get jobRuns() {
      return now().jobRuns
    },
    get facts() {
      return now().facts
    },
    get keys() {
      return now().keys
    },
    get sessions() {
      return now().sessions
    },
    get tokens() {
      return now().tokens
    },
    get audit() {
      return now().audit
    },
    get evictions() {
      return now().evictions
    },
    get descriptions() {
      return now().descriptions
    },
    get clerk() {
      return now().clerk
    },
  }
}
