import { AppError } from '../../domain/errors.ts'

/** The page of a list that is asked for (OCI distribution spec, "Listing Tags"). */
export interface Page {
  readonly n: number | undefined
  /** The last name of the page before. */
  readonly last: string | undefined
}

const LARGEST = 10_000

/** Throws AppError `page_invalid`; an n beyond every list is clamped. */
export function parsePage(query: URLSearchParams): Page {
  const [n, ...more] = query.getAll('n')
  const [last] = query.getAll('last')
  if (more.length > 0 || (last !== undefined && last.length > 512)) throw new AppError('page_invalid')
  if (n === undefined) return { n: undefined, last }
  if (!/^\d{1,15}$/.test(n)) throw new AppError('page_invalid')
  return { n: Math.min(Number(n), LARGEST), last }
}

/** The page as a query for the upstream. Nobody answers n=0 alike, so one name is asked for and dropped. */
export function nextPage({ n, last }: Page): string {
  const query = new URLSearchParams()
  if (n !== undefined) query.set('n', String(Math.max(1, n)))
  if (last !== undefined) query.set('last', last)
  return query.size === 0 ? '' : `?${query.toString()}`
}

/**
 * At most n names after `last`, and whether more were there. An upstream that ignores paging sends `last` again, or
 * more than n names: then its whole list is put in order and cut here, so that a client never turns in circles.
 */
export function cutPage(
  list: { readonly names: readonly string[]; ordered(): readonly string[] },
  { n, last }: Page,
): { names: readonly string[]; cut: boolean } {
  const all = list.names
  const isIgnored =
    (last !== undefined && all.includes(last)) || (n !== undefined && all.length > Math.max(1, n))
  const rest = isIgnored ? after(list.ordered(), last) : all
  return n === undefined ? { names: rest, cut: false } : { names: rest.slice(0, n), cut: rest.length > n }
}

function after(ordered: readonly string[], last: string | undefined): readonly string[] {
  return last === undefined ? ordered : ordered.filter((name) => name > last)
}

/** In byte order, as lists of tags are (OCI distribution spec, "Listing Tags"). */
export function inOrder(names: readonly string[]): readonly string[] {
  return names.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
}

/** A Link header to the next page: relative, and with everything that chose the upstream. */
export function linkTo(
  path: string,
  { namespace }: { namespace: string | undefined },
  next: { n: number | undefined; last: string },
): string {
  const query = new URLSearchParams()
  if (next.n !== undefined) query.set('n', String(next.n))
  query.set('last', next.last)
  if (namespace !== undefined) query.set('ns', namespace)
  return `<${path}?${query.toString()}>; rel="next"`
}

/** Target of the `rel="next"` link of a Link header, if there is one. */
export function nextLink(header: string | undefined): string | undefined {
  return /<([^<>]*)>\s*;[^,<>]*rel="?next"?/i.exec(header ?? '')?.[1]
}
