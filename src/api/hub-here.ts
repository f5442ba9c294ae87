import type { Context } from 'koa'
import { writeUses } from '../cache/uses.ts'
import type { ListAsk } from '../db/accounts/rows.ts'
import { isSha256, parseDigest } from '../domain/digest.ts'
import { PAGE } from '../hub/lists.ts'
import type { Page } from './contract.ts'
import type { HubImage, HubPlatform, HubTag } from './contract-hub.ts'
import type { ApiDeps } from './deps.ts'
import { tellsNothing } from './hub-marks.ts'
import { inspectImage } from './inspect.ts'
import { seesAll, shownPage } from './shown.ts'
import { withShownSums } from './shown-sums.ts'
import { visitorOf } from './visitor.ts'

/** A page of what is here. */
export interface OwnPage<R> {
  readonly items: readonly R[]
  readonly total: number
  readonly totalIsLeast?: true
  readonly hasMore: boolean
}

/** Our own repositories of Docker Hub in whose names all of these words are, those that are pulled most first. */
export async function ownImages(
  ctx: Context,
  deps: ApiDeps,
  { words, page }: { readonly words: string; readonly page: number },
): Promise<OwnPage<HubImage>> {
  writeUses(deps.index)
  const { access } = visitorOf(ctx)
  const upstream = deps.hub.registry()
  const ask = ownImagesAsk(words, upstream)
  const found = await pageAt(page, (part) =>
    shownPage(ctx, { ...ask, ...part }, (one) => deps.index.clerk.ask('repositories', { ...ask, ...one })),
  )
  const empty = seesAll(access)
    ? new Set()
    : await tellsNothing(deps, access, { upstream, rows: found.items })
  const known = found.items.filter((row) => !empty.has(row))
  const rows = await withShownSums(deps, access, known)
  const items = rows.map(
    ({ name, repository, pulls }): HubImage => ({
      name,
      description: '',
      stars: 0,
      pulls,
      official: repository.startsWith('library/'),
      cached: true,
    }),
  )
  return { ...found, total: found.total - empty.size, items }
}

/** The question for them, with the numbers of Docker Hub's pages. */
export function ownImagesAsk(words: string, upstream: string): ListAsk {
  const globs = words.split(' ').map((word) => `${upstream}/**${plain(word)}**`)
  const conditions = globs.map((glob) => ({ kind: 'name' as const, glob }))
  return { frontEnd: 'oci', upstream, conditions, sort: '-pulls', limit: PAGE }
}

/** Tags of one of our own repositories, the highest versions first. */
export async function ownTags(
  ctx: Context,
  deps: ApiDeps,
  { repository, part, page }: { readonly repository: string; readonly part: string; readonly page: number },
): Promise<OwnPage<HubTag>> {
  const place = { upstream: deps.hub.registry(), repository }
  const conditions = part === '' ? [] : [{ kind: 'name' as const, glob: `*${part}*` }]
  const ask = { ...place, conditions, limit: PAGE }
  const found = await pageAt(page, (one) =>
    shownPage(ctx, { ...ask, ...one }, async (asked) => {
      const lines = await deps.index.clerk.ask('tags', { ...ask, ...asked })
      return { ...lines, items: lines.items.map((line) => ({ ...place, tags: [line.tag], line })) }
    }),
  )
  const items: HubTag[] = []
  for (const { line } of found.items) {
    const { tag, digest, upstreamDigest } = line
    const platforms = await platformsOf(deps, digest)
    const cached = upstreamDigest === undefined ? 'yes' : 'moved'
    items.push({ tag, digest, updated: undefined, platforms, cached })
  }
  return { ...found, items }
}

/** Globs stand for nothing in what people search for. */
function plain(word: string): string {
  return word.replaceAll(/[*?]/g, '')
}

/** Those of which something is here. */
async function platformsOf(deps: ApiDeps, text: string): Promise<readonly HubPlatform[]> {
  const digest = parseDigest(text)
  const found = digest === undefined || !isSha256(digest) ? undefined : await inspectImage(deps, digest)
  return (found?.platforms ?? []).flatMap(({ platform, digest: part, state, size }) =>
    platform === undefined || platform.startsWith('unknown/') || state === 'absent'
      ? []
      : [{ platform, digest: part, size }],
  )
}

/** Lists of ours go on after a row, those of Docker Hub by pages: all before it are passed by. */
async function pageAt<T>(
  page: number,
  read: (part: { readonly cursor?: string }) => Promise<Page<T>>,
): Promise<Omit<OwnPage<T>, 'items'> & { readonly items: readonly T[] }> {
  let found = await read({})
  for (let at = 1; at < page; at++) {
    if (found.nextCursor === undefined) return { items: [], total: found.total, hasMore: false }
    found = await read({ cursor: found.nextCursor })
  }
  const { items, total, totalIsLeast, nextCursor } = found
  return { items, total, ...(totalIsLeast && { totalIsLeast }), hasMore: nextCursor !== undefined }
}
