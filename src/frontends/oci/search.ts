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
  readonly rows: readonly FoundRepository[]
  /** Whether somebody was asked for it, or could not be. */
  readonly outcome: Extract<Outcome, 'hit' | 'miss' | 'stale'>
}

/** Repositories by words, whoever knows them. Throws AppError `bad_request` for what nobody can look for. */
export type FindRepositories = (text: string) => Promise<Found>

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
  const query = asked.get('q') ?? ''
  const { rows, outcome } = await find(query)
  const { access } = exchange
  const shown = rows.filter(({ upstream, repository: name }) =>
    access.mayPull({ name: `${upstream}/${name}` }),
  )
  const results = shown
    .slice(0, countOf(asked.get('n')))
    .map(({ upstream, repository, description, stars, official }) => ({
      name: upstream === fallback ? repository : `${upstream}/${repository}`,
      description,
      star_count: stars,
      is_official: official,
      is_automated: false,
    }))
  const body = { query, num_results: results.length, results }
  sendJson(exchange, { meta: { ...LOCAL, outcome }, body }, { ...headers, 'cache-control': 'no-store' })
}

function countOf(text: string | null): number {
  if (text === null) return USUAL
  if (!/^\d{1,6}$/.test(text)) throw new AppError('page_invalid')
  return Math.min(Number(text), MOST)
}
