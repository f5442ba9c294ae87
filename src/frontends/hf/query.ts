import { AppError } from '../../domain/errors.ts'

/** What may stand in the query of each address, of all that clients send. */
const KNOWN = {
  info: ['blobs', 'securityStatus', 'expand', 'expand[]', 'full', 'config', 'cardData'],
  tree: ['recursive', 'expand', 'limit', 'cursor'],
  commits: ['p', 'limit', 'cursor', 'expand', 'expand[]'],
  refs: ['include_pull_requests', 'include_prs'],
  'auth-check': [],
} as const

const MOST = 64
const LONGEST = 2048

/**
 * A query in one spelling, so that what means the same is one entry: in order, without what the hub does not know. Of a
 * search everything is kept. Throws AppError `name_invalid`.
 */
export function queryOf(endpoint: keyof typeof KNOWN | 'search', query: string): string {
  const all = [...new URLSearchParams(query)]
  const known: readonly string[] | undefined = endpoint === 'search' ? undefined : KNOWN[endpoint]
  const kept = all.filter(([name]) => known === undefined || known.includes(name))
  const isOdd = ([name, value]: readonly [string, string]): boolean => /[^\x20-\x7e]/.test(name + value)
  const text = new URLSearchParams(endpoint === 'search' ? kept : kept.toSorted(byName)).toString()
  if (kept.length > MOST || text.length > LONGEST || (known !== undefined && kept.some(isOdd)))
    throw new AppError('name_invalid', { message: 'malformed query' })
  return text
}

function byName(a: readonly [string, string], b: readonly [string, string]): number {
  const [left, right] = [a.join('\0'), b.join('\0')]
  return left < right ? -1 : Number(left > right)
}
