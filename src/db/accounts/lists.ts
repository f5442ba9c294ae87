import { statSync } from 'node:fs'
import { MIB } from '../../domain/units.ts'
import type { Db } from '../open.ts'
import { imageTest, repositoryTest } from './conditions.ts'
import { createKept, needOf } from './kept.ts'
import { createKeptFile } from './kept-file.ts'
import { type ImageFacts, makeLedger, platformsIn, type RepositoryFacts } from './ledger.ts'
import { packLedger, unpackLedger } from './ledger-pack.ts'
import { type Listing, listPage } from './list.ts'
import type { ImageRow, ListAsk, ListPage, RepositoryRow } from './rows.ts'
import { imageIsHere, repositoryIsHere } from './still-here.ts'

/** Of one image, in a list. */
export const MOST_TAGS = 100

const file = createKeptFile({ suffix: '.lists', format: 2, pack: packLedger, unpack: unpackLedger })

/** What all lists are made of. */
export const ledgerOf = createKept(makeLedger, file)

/** An index of that many bytes has lists that take a while. */
const LARGE = 64 * MIB

/** Whether an index is so large that its first list takes a while, and there is nothing to take it from. */
export function lacksLists(indexFile: string): boolean {
  const size = statSync(indexFile, { throwIfNoEntry: false })?.size ?? 0
  return size >= LARGE && !file.exists(indexFile)
}

/** Begins to make the ledger of an index that lacks it, so that whoever opens a list first waits less. */
export function warmLists(db: Db): void {
  if (!lacksLists(db.name)) return
  try {
    ledgerOf(db, false)
  } catch {
    // It is being made, or whoever asks for it hears why not.
  }
}

const COLUMNS = {
  total: (row: Numbers) => row.total,
  onlyHere: (row: Numbers) => row.onlyHere,
  shared: (row: Numbers) => row.total - row.onlyHere,
  lastUsed: (row: Numbers) => row.lastUsed,
  firstCached: (row: Numbers) => row.firstCached,
  pulls: (row: Numbers) => row.pulls,
  tags: (row: Numbers) => row.tags,
}

const IMAGE_COLUMNS = { ...COLUMNS, created: (row: ImageFacts) => row.created }

type Numbers = Pick<RepositoryFacts, 'total' | 'onlyHere' | 'lastUsed' | 'firstCached' | 'pulls' | 'tags'>

/** A page of repositories. */
export function repositories(db: Db, ask: ListAsk): ListPage<RepositoryRow> {
  const { value, asOf } = ledgerOf(db, needOf(ask))
  const listing: Listing<RepositoryFacts> = {
    rows: value.repositories,
    columns: COLUMNS,
    keyOf: ({ name, frontEnd }) => [name, frontEnd],
  }
  return listPage(listing, ask, {
    asOf,
    matches: repositoryTest(ask),
    isHere: repositoryIsHere(db),
    show: toRepositoryRow,
  })
}

/** A page of images. */
export function images(db: Db, ask: ListAsk): ListPage<ImageRow> {
  const { value, asOf } = ledgerOf(db, needOf(ask))
  const listing: Listing<ImageFacts> = {
    rows: value.images,
    columns: IMAGE_COLUMNS,
    // Tags first, then those without.
    keyOf: ({ of, tags, ref }) => [of.name, of.frontEnd, tags > 0 ? '0' : '1', ref],
  }
  return listPage(listing, ask, {
    asOf,
    matches: imageTest(ask),
    isHere: imageIsHere(db),
    show: toImageRow,
  })
}

function toRepositoryRow(facts: RepositoryFacts): RepositoryRow {
  const { name, id, frontEnd, upstream, repository, total, onlyHere, tags, images, pinned } = facts
  const { firstCached, lastUsed, pulls } = facts
  const place = { name, frontEnd, upstream, repository, repositoryId: id }
  return {
    ...place,
    total,
    onlyHere,
    shared: total - onlyHere,
    firstCached,
    lastUsed,
    pulls,
    tags,
    images,
    pinned,
  }
}

export function toImageRow(facts: ImageFacts): ImageRow {
  const { of, digest, tagList, ref, mediaType, replacedAt, goneAt, moved, pinned, total, onlyHere } = facts
  const { firstCached, lastUsed, pulls } = facts
  return {
    name: facts.tags > 0 ? `${of.name}:${ref}` : `${of.name}@${digest}`,
    frontEnd: of.frontEnd,
    upstream: of.upstream,
    repository: of.repository,
    repositoryId: of.id,
    digest,
    tags: facts.tags === 0 ? [] : tagList.split(' ').sort().slice(0, MOST_TAGS),
    tagCount: facts.tags,
    mediaType,
    state: facts.isComplete ? 'complete' : 'partial',
    created: facts.created === 0 ? undefined : facts.created,
    platforms: platformsIn(facts),
    replacedAt,
    goneAt,
    moved,
    pinned,
    total,
    onlyHere,
    shared: total - onlyHere,
    firstCached,
    lastUsed,
    pulls,
  }
}
