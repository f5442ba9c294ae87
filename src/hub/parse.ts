import { parseDigest } from '../domain/digest.ts'
import type { HubList, HubPlatformLine, HubRepository, HubTagLine } from './lists.ts'
import { PAGE } from './lists.ts'
import { repositoryOf } from './names.ts'
import { lineOf } from './text.ts'

/** JSON that somebody else wrote: own properties only, each to be checked for its type. */
type Loose = Readonly<Record<string, unknown>>

const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/
const MOST_PLATFORMS = 64
const LATEST = Date.UTC(2100, 0)
const PLATFORM_WORD = /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/

/**
 * A page of at most `most` repositories; undefined for what is no such answer. Rows that make no sense are left out.
 */
export function parseSearch(bytes: Buffer, most = PAGE): HubList<HubRepository> | undefined {
  return parseList(bytes, most, (row) => {
    const name = row['repo_name']
    const repository = typeof name === 'string' ? repositoryOf(name) : undefined
    if (repository === undefined) return undefined
    const text = row['short_description']
    return {
      repository,
      description: typeof text === 'string' ? lineOf(text) : '',
      stars: countOf(row['star_count']),
      pulls: countOf(row['pull_count']),
      // Others may say it of themselves.
      official: row['is_official'] === true && repository.startsWith('library/'),
    }
  })
}

/** The same of tags. */
export function parseTags(bytes: Buffer): HubList<HubTagLine> | undefined {
  return parseList(bytes, PAGE, (row) => {
    const { name: tag, digest, last_updated: pushed, tag_last_pushed: moved, images } = row
    if (typeof tag !== 'string' || !TAG.test(tag)) return undefined
    return {
      tag,
      digest: digestOf(digest),
      updated: timeOf(moved) ?? timeOf(pushed),
      platforms: (Array.isArray(images) ? images : [])
        .slice(0, MOST_PLATFORMS)
        .map(looseOf)
        .map(platformOf)
        .filter((line) => line !== undefined),
    }
  })
}

function parseList<T>(
  bytes: Buffer,
  most: number,
  rowOf: (row: Loose) => T | undefined,
): HubList<T> | undefined {
  const { results, count, next } = parse(bytes)
  if (!Array.isArray(results)) return undefined
  const rows = results.slice(0, most).map(looseOf)
  const items = rows.map(rowOf).filter((row) => row !== undefined)
  // Where nothing of it can be read it is no such list.
  if (rows.length > 0 && items.length === 0) return undefined
  return {
    items,
    total: Math.max(countOf(count), items.length),
    hasMore: typeof next === 'string' && next !== '',
  }
}

function platformOf({ os, architecture, variant, digest, size }: Loose): HubPlatformLine | undefined {
  const words = [os, architecture, variant].filter(isPlatformWord)
  // Attestations are dressed up as images for nothing.
  if (!isPlatformWord(os) || !isPlatformWord(architecture) || os === 'unknown') return undefined
  return { platform: words.join('/'), digest: digestOf(digest), size: countOf(size) }
}

function isPlatformWord(value: unknown): value is string {
  return typeof value === 'string' && PLATFORM_WORD.test(value)
}

function digestOf(value: unknown): string | undefined {
  return typeof value === 'string' ? parseDigest(value) : undefined
}

/** A whole number from 0; 0 for everything else. */
function countOf(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0
}

/** RFC 3339 in milliseconds; years that nobody lives to see are none. */
function timeOf(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT/.test(value) || value.length > 40) return undefined
  const time = Date.parse(value)
  return time > 0 && time < LATEST ? time : undefined
}

function parse(bytes: Buffer): Loose {
  try {
    return looseOf(JSON.parse(bytes.toString('utf8')))
  } catch {
    return {}
  }
}

function looseOf(value: unknown): Loose {
  // Only own properties are read from it, each checked for its type.
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Loose) : {}
}
