import type { Access } from '../../domain/access.ts'
import { AppError } from '../../domain/errors.ts'
import type { Outcome } from '../../domain/names.ts'
import type { Exchange } from '../front-end.ts'
import type { Headers } from '../send.ts'
import { sendJson } from './lists.ts'
import type { OciOperation } from './operation.ts'
import { LOCAL } from './tags.ts'

/** What `docker search HOST/nginx` and `podman search` ask; of the first version of this API nothing else is left. */
export const SEARCH_PATH = '/v1/search'
const USUAL = 25
const MOST = 100

export interface FoundRepository {
  readonly upstream: string
  /** Without its upstream: "library/nginx". */
  readonly repository: string
  readonly description: string
  readonly stars: number
  readonly official: boolean
}

export interface Found {
  /** At most as many as were asked for, of those that may be pulled. */
  readonly rows: readonly FoundRepository[]
  /** Whether somebody was asked for it. */
  readonly outcome: Extract<Outcome, 'hit' | 'miss' | 'stale'>
  /** What there is to say about rows that are not those of now; undefined where they are. */
  readonly warning?: string
}

export interface FindAsk {
  readonly text: string
  /** Rows, at most 100. */
  readonly n: number
  readonly access: Access
}

/**
 * Repositories by words, whoever knows them. Throws AppError `bad_request` for what nobody can look for, `denied` for
 * whom rules keep from all there is, and `upstream_*` where nobody can be asked and nothing is known.
 */
export type FindRepositories = (ask: FindAsk) => Promise<Found>

interface SearchDeps {
  readonly find: FindRepositories
  /** Whose names go without a registry in front. */
  readonly fallback: string | undefined
  readonly headers: Headers
}

/** Those that may be pulled, by the names by which they are pulled from here. */
export async function sendSearch(
  { find, fallback, headers }: SearchDeps,
  { query: asked }: OciOperation,
  exchange: Exchange,
): Promise<void> {
  const n = countOf(asked.get('n'))
  const query = asked.get('q') ?? ''
  const { rows, outcome, warning } = await find({ text: query, n, access: exchange.access })
  const results = rows.map(({ upstream, repository, description, stars, official }) => ({
    name: upstream === fallback ? repository : `${upstream}/${repository}`,
    description,
    star_count: stars,
    is_official: official,
    is_automated: false,
  }))
  const body = { query, num_results: results.length, results }
  const meta = { ...LOCAL, outcome, warning }
  sendJson(exchange, { meta, body }, { ...headers, 'cache-control': 'no-store' })
}

function countOf(text: string | null): number {
  if (text === null) return USUAL
  if (!/^\d{1,6}$/.test(text)) throw new AppError('page_invalid')
  return Math.min(Number(text), MOST)
}
