import { hash } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import { parseDigest } from '../../domain/digest.ts'
import { toBytes, toSha256 } from '../digests.ts'
import type { Db } from '../open.ts'

/** What an index says of one manifest below it. */
export interface Claim {
  readonly platform: string | undefined
  /** What it vouches for, where it is an attestation: the digest of another manifest of the index, in hex. */
  readonly subject: string | undefined
}

export interface PlatformReading {
  /** What a manifest says it is for, in its own config or else in an index that has it. No upstream is asked. */
  platformOf(digest: Buffer): string | undefined
  /** What an index says of what is below it, by digests in hex. */
  claimsOf(index: Buffer): ReadonlyMap<string, Claim>
}

/** JSON that somebody else wrote: own properties only, each to be checked for its type. */
type Loose = Readonly<Record<string, unknown>>

/** What is larger is neither manifest nor config. */
const LONGEST = 8 * 1024 * 1024
/** Indexes that are remembered: their children come one after the other. */
const MOST_INDEXES = 256
const NO_CLAIMS: ReadonlyMap<string, Claim> = new Map()

/** Reads manifests below the folder `blobs`; what is not as its name says counts as nothing. */
export function createPlatformReading(db: Db, blobs: string): PlatformReading {
  const find = db.prepare<[Buffer], number>('SELECT size FROM main.blobs WHERE digest = ?').pluck()
  const parents = db
    .prepare<[Buffer], Buffer>(
      `SELECT x.parent FROM main.edges x CROSS JOIN main.blobs b ON b.digest = x.parent
        WHERE x.child = ? ORDER BY x.parent LIMIT 20`,
    )
    .pluck()
  const indexes = new Map<string, ReadonlyMap<string, Claim>>()

  const read = (digest: Buffer): Loose => {
    const size = find.get(digest)
    const hex = digest.toString('hex')
    if (size === undefined || size > LONGEST) return {}
    try {
      const bytes = fs.readFileSync(join(blobs, hex.slice(0, 2), hex))
      return hash('sha256', bytes) === hex ? looseOf(JSON.parse(bytes.toString('utf8'))) : {}
    } catch {
      // Gone, damaged, or no JSON: then it says nothing.
      return {}
    }
  }
  const claimsOf: PlatformReading['claimsOf'] = (index) => {
    const hex = index.toString('hex')
    const known = indexes.get(hex)
    if (known !== undefined) return known
    const claims = claimsIn(read(index))
    if (indexes.size >= MOST_INDEXES) indexes.clear()
    indexes.set(hex, claims)
    return claims
  }
  const ownPlatform = (digest: Buffer): string | undefined => {
    const config = digestIn(looseOf(read(digest)['config']))
    return config === undefined ? undefined : platformIn(read(config))
  }
  return {
    claimsOf,
    platformOf: (digest) => {
      const own = ownPlatform(digest)
      if (own !== undefined) return own
      const hex = digest.toString('hex')
      for (const parent of parents.all(digest)) {
        const claimed = claimsOf(parent).get(hex)?.platform
        if (claimed !== undefined) return claimed
      }
      return undefined
    },
  }
}

function claimsIn({ manifests }: Loose): ReadonlyMap<string, Claim> {
  if (!Array.isArray(manifests)) return NO_CLAIMS
  const claims = new Map<string, Claim>()
  for (const one of manifests.map(looseOf)) {
    const digest = digestIn(one)
    if (digest === undefined) continue
    const platform = platformIn(looseOf(one['platform']))
    claims.set(digest.toString('hex'), { platform, subject: subjectIn(looseOf(one['annotations'])) })
  }
  return claims
}

/** BuildKit, docs/attestations/attestation-storage.md. */
function subjectIn(annotations: Loose): string | undefined {
  const subject = digestIn({ digest: annotations['vnd.docker.reference.digest'] })
  return subject?.toString('hex')
}

function platformIn({ os, architecture, variant }: Loose): string | undefined {
  const words = [os, architecture, variant].filter(isWord)
  return words.length < 2 || !isWord(os) || !isWord(architecture) ? undefined : words.join('/')
}

/** Platforms are shown to people; nothing else is ever in their names (OCI image spec, "platform"). */
function isWord(part: unknown): part is string {
  return typeof part === 'string' && /^[\w.+-]{1,64}$/.test(part)
}

function digestIn({ digest }: Loose): Buffer | undefined {
  const parsed = typeof digest === 'string' ? parseDigest(digest) : undefined
  const bytes = parsed === undefined ? undefined : toBytes(parsed)
  // Blobs are known by their SHA-256 only.
  return parsed === undefined || bytes === undefined || toSha256(bytes) !== parsed ? undefined : bytes
}

function looseOf(value: unknown): Loose {
  // Only own properties are read from it, each checked for its type.
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Loose) : {}
}
