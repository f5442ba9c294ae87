import { ownImagesAsk } from './api/hub-here.ts'
import { tellsNothing } from './api/hub-marks.ts'
import { mayPullAll } from './api/shown.ts'
import { writeUses } from './cache/uses.ts'
import type { RepositoryRow } from './db/accounts/rows.ts'
import type { Index } from './db/index.ts'
import type { Access } from './domain/access.ts'
import { AppError } from './domain/errors.ts'
import type { Because } from './domain/reasons.ts'
import type { FindRepositories, FoundRepository } from './frontends/oci/search.ts'
import type { Heard, Hub } from './hub/hub.ts'
import { LARGEST_PAGE, PAGE } from './hub/lists.ts'
import { searchedWords } from './hub/names.ts'

interface FindingDeps {
  readonly hub: Hub
  readonly index: Index
}

/** Rows of ours that are looked through at once, and how often for one answer. */
const BATCH = 1000
const MOST_BATCHES = 100

/** Repositories of Docker Hub; where it cannot be asked, those that are here. */
export function createFinding({ hub, index }: FindingDeps): FindRepositories {
  return async ({ text, n, access }) => {
    const words = searchedWords(text)
    const upstream = hub.registry()
    // What is asked elsewhere is nobody's business who may have nothing from there.
    access.requireAnyOf(upstream)
    // Two lengths, so that not each number is a question of its own.
    const heard = await hub.search(words, 1, n > PAGE ? LARGEST_PAGE : PAGE)
    const rows =
      'list' in heard
        ? heard.list.items
            .map((row) => ({ ...row, upstream }))
            .filter(({ repository }) => access.mayPull({ name: `${upstream}/${repository}` }))
            .slice(0, n)
        : await ownRows(index, access, { words, n, upstream })
    if (!('why' in heard)) return { rows, outcome: heard.asked ? 'miss' : 'hit' }
    if (rows.length === 0) requireAnswer(heard.why, upstream)
    const quiet = heard.kind === 'remembered' ? 'stale' : 'hit'
    return { rows, outcome: heard.asked ? 'miss' : quiet, warning: warningOf(heard) }
  }
}

/** Our own that may be pulled, the busiest first: as many as are wanted, however many others stand between them. */
async function ownRows(
  index: Index,
  access: Access,
  { words, n, upstream }: { readonly words: string; readonly n: number; readonly upstream: string },
): Promise<readonly FoundRepository[]> {
  writeUses(index)
  const ask = { ...ownImagesAsk(words, upstream), limit: BATCH }
  const rows: RepositoryRow[] = []
  let cursor: string | undefined
  for (let batch = 0; batch < MOST_BATCHES && rows.length < n; batch++) {
    const page = await index.clerk.ask('repositories', { ...ask, ...(cursor && { cursor }) })
    const shown = page.items.filter(({ name }) => mayPullAll(access, name))
    const empty = await tellsNothing({ index }, access, { upstream, rows: shown })
    rows.push(...shown.filter((row) => !empty.has(row)))
    cursor = page.nextCursor
    if (cursor === undefined) break
  }
  return rows.slice(0, n).map(({ repository }) => ({
    upstream,
    repository,
    description: '',
    stars: 0,
    official: repository.startsWith('library/'),
  }))
}

type Unasked = Extract<Heard<unknown>, { readonly why: Because }>

/** So that nobody takes for "there is none" what is "nobody knows". Who switched it off wants what is here alone. */
function requireAnswer({ message, why }: Because, upstream: string): void {
  if (why.id === 'hub_off' || why.id === 'hub_mirror' || why.id === 'no_upstream') return
  const isLimited = why.id === 'hub_limited' || why.id === 'hub_busy'
  const seconds = why.params?.['seconds']
  throw new AppError(isLimited ? 'upstream_rate_limited' : 'upstream_unreachable', {
    message,
    why,
    detail: { upstream },
    ...(typeof seconds === 'number' ? { retryAfter: seconds } : {}),
  })
}

function warningOf({ kind, why }: Unasked): string {
  const what = kind === 'remembered' ? 'what Docker Hub said earlier' : 'what is cached'
  return `served stale: ${why.message}; this is ${what}`
}
