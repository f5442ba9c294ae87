import type { Db } from '../open.ts'
import { prepared } from '../prepared.ts'
import type { ImageFacts } from './ledger.ts'
import { GONE_AT, MOVED } from './news.ts'
import type { ImageRow } from './rows.ts'

interface Now {
  tagList: string | null
  tags: number
  mediaType: string | null
  firstCached: number
  lastUsed: number
  pulls: number
  replacedAt: number | null
  goneAt: number | null
  moved: number
  pinned: number
}

/**
 * What is known of an image, with names, uses and marks of this moment; undefined when it has no name any more, or is not
 * here. Sizes, and how complete it is, stay as they are in the lists.
 */
export function prepareNow(db: Db): (facts: ImageFacts) => ImageFacts | undefined {
  const select = prepared<[Buffer, number], Now>(
    db,
    `SELECT group_concat(CASE WHEN typeof(e.ref) = 'text' THEN e.ref END, ' ') AS tagList,
            sum(typeof(e.ref) = 'text') AS tags, max(e.media_type) AS mediaType, min(e.created_at) AS firstCached,
            max(e.used_at) AS lastUsed, sum(e.pulls) AS pulls, max(e.replaced_at) AS replacedAt, ${GONE_AT} AS goneAt,
            ${MOVED} AS moved, b.pinned
       FROM main.entries e CROSS JOIN main.blobs b ON b.digest = e.digest
      WHERE e.digest = ? AND e.repository = ? AND e.kind = 'manifest' GROUP BY e.digest`,
  )
  return (facts) => {
    const now = select.get(Buffer.from(facts.digest.slice('sha256:'.length), 'hex'), facts.of.id)
    if (now === undefined) return undefined
    const { tagList, tags, mediaType, replacedAt, goneAt, moved, pinned, ...uses } = now
    // The names of an image come in their order: digests last.
    const list = tagList ?? ''
    return {
      ...facts,
      ...uses,
      tagList: list,
      tags,
      ref: tags === 0 ? facts.digest : firstOf(list),
      mediaType: mediaType ?? undefined,
      replacedAt: tags > 0 ? undefined : (replacedAt ?? undefined),
      goneAt: goneAt ?? undefined,
      moved: moved === 1,
      pinned: pinned === 1,
    }
  }
}

/** As `prepareNow`, but for the tags alone, in a fraction of the time. */
export function prepareTagsNow(db: Db): (facts: ImageFacts) => ImageFacts | undefined {
  const select = prepared<[Buffer, number], string | null>(
    db,
    `SELECT CASE WHEN typeof(e.ref) = 'text' THEN e.ref END
       FROM main.blobs b CROSS JOIN main.entries e ON e.digest = b.digest
      WHERE b.digest = ? AND e.repository = ? AND e.kind = 'manifest'`,
  ).pluck()
  return (facts) => {
    const names = select.all(Buffer.from(facts.digest.slice('sha256:'.length), 'hex'), facts.of.id)
    if (names.length === 0) return undefined
    const tags = names.filter((tag) => tag !== null).sort()
    return { ...facts, tagList: tags.join(' '), tags: tags.length, ref: tags[0] ?? facts.digest }
  }
}

function firstOf(tagList: string): string {
  return tagList.includes(' ') ? (tagList.split(' ').sort()[0] ?? '') : tagList
}

/** Of an image that came after the lists were made; of its repository only what names it. */
export function factsOfRow(row: ImageRow): ImageFacts {
  const { upstream, repository, frontEnd, repositoryId, tags, tagCount, state, created, platforms, ...rest } =
    row
  const name = `${upstream}/${repository}`
  const { total, onlyHere, firstCached, lastUsed, pulls, pinned } = row
  const sums = { total, onlyHere, firstCached, lastUsed, pulls, pinned, platforms: new Set(platforms) }
  const counts = { tags: tagCount, images: 1, partial: 0, replaced: 0, gone: 0, moved: 0 }
  return {
    ...rest,
    of: { name, id: repositoryId, frontEnd, upstream, repository, ...sums, ...counts },
    tagList: tags.join(' '),
    ref: tags[0] ?? row.digest,
    tags: tagCount,
    isComplete: state === 'complete',
    created: created ?? 0,
    platforms: platforms.join(' '),
  }
}
