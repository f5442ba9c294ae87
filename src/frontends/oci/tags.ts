import type { Cache } from '../../cache/cache.ts'
import type { Meta } from '../../cache/want.ts'
import { parseDigest } from '../../domain/digest.ts'
import { isUpstreamTrouble } from '../../domain/errors.ts'
import type { Ask } from './ask.ts'
import { cutPage, inOrder, nextPage, type Page } from './pages.ts'
import type { TagList, TagLists } from './tag-lists.ts'
import { listWant } from './wants.ts'

/** Clients ask for 50, 100, 1000 or so at a time. */
const USUAL_STEP = 50
/** More than that some upstreams refuse. */
const LARGE_STEP = 1000
/** Unusual pages of one repository that are kept. */
const MOST_PAGES = 64
/** Pages that are read for one of which something may be shown. */
const MOST_HIDDEN = 100

export interface TagPage {
  readonly tags: readonly string[]
  readonly meta: Meta
  /** Whether there are tags after these. */
  readonly more: boolean
  /** The list of the upstream they are from. */
  readonly list?: TagList
}

export interface TagSource {
  readonly cache: Cache
  readonly tagLists: TagLists
}

/** What an answer says that comes from here alone. */
export const LOCAL: Meta = {
  digest: undefined,
  size: undefined,
  mediaType: undefined,
  headers: {},
  outcome: 'hit',
  warning: undefined,
}

/**
 * A page of the tags that may be shown. It may be shorter than was asked for, but it is not empty while there are more:
 * clients would take that for the end.
 */
export async function readShownTags(
  source: TagSource,
  ask: Ask,
  page: Page,
  mayShow: ((tag: string) => boolean) | undefined,
): Promise<TagPage> {
  const first = await readTags(source, ask, page)
  if (mayShow === undefined || page.n === 0 || first.tags.every(mayShow)) return first
  let found = first
  for (let hidden = 0; ; hidden++) {
    const shown = found.tags.filter(mayShow)
    const last = found.tags.at(-1)
    const isEnd = !found.more || last === undefined || hidden >= MOST_HIDDEN
    if (shown.length > 0 || isEnd) return shownPage(found, shown, page)
    found = await readTags(source, ask, { n: widened(page), last })
  }
}

/** Where a whole page is hidden, the next ones may be too: a client that asks for one tag costs no hundred requests. */
function widened({ n }: Page): number | undefined {
  return n === undefined ? undefined : Math.max(n, LARGE_STEP)
}

function shownPage({ meta, more }: TagPage, shown: readonly string[], { n }: Page): TagPage {
  const tags = n === undefined ? shown : shown.slice(0, n)
  return { tags, meta, more: tags.length > 0 && (more || tags.length < shown.length) }
}

/**
 * Clients choose where a page begins and how long it is, in as many ways as they like: beginnings of usual lengths
 * are always worth a row in the index, of all others a bounded number.
 */
function isWorthKeeping(cache: Cache, { route }: Ask, { n, last }: Page): boolean {
  if (last === undefined && (n === undefined || n % USUAL_STEP === 0)) return true
  return cache.refs(keyOf(route, 'tags')).length < MOST_PAGES
}

/** A page of tags as the upstream has it; while it cannot be asked, of the tags that are cached. */
async function readTags({ cache, tagLists }: TagSource, ask: Ask, page: Page): Promise<TagPage> {
  const { route, limits, kept } = ask
  try {
    const want = kept(listWant(route, { kind: 'tags', path: `tags/list${nextPage(page)}` }, limits))
    const document = await (isWorthKeeping(cache, ask, page) ? cache.read(want) : cache.pass(want))
    const isLast = document.headers['link'] === undefined
    const list = tagLists.read(document)
    const { names, cut } = cutPage(list, page)
    // The order of a page that has a next one is the upstream's: its last name leads there.
    if (!isLast) return { tags: names, meta: document, more: true, list }
    return { tags: names === list.names ? list.ordered() : inOrder(names), meta: document, more: cut, list }
  } catch (error) {
    const cached = isUpstreamTrouble(error)
      ? cache.refs(keyOf(route, 'manifest')).filter((ref) => parseDigest(ref) === undefined)
      : []
    if (cached.length === 0) throw error
    const after = cached.filter((tag) => tag > (page.last ?? ''))
    const { names, cut } = cutPage({ names: after, ordered: () => after }, page)
    const warning = `served stale: ${route.upstream.name} cannot be asked; these are the tags that are cached`
    return { tags: names, meta: { ...LOCAL, outcome: 'stale', warning }, more: cut }
  }
}

function keyOf({ upstream, repository }: Ask['route'], kind: 'tags' | 'manifest') {
  return { frontEnd: 'oci', upstream: upstream.name, repository, kind } as const
}
