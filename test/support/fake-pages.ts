/** One page of a list and how to ask for the next. */
export interface Page<T> {
  readonly items: readonly T[]
  /** Absent on the last page. */
  readonly link: Record<string, string>
}

export interface PageAsk {
  readonly path: string
  readonly query: URLSearchParams
  /** The server's own limit. */
  readonly pageSize: number | undefined
}

/** `n` and `last` over a sorted list of names (OCI distribution spec, "Listing Tags"). */
export function pageOfNames(names: readonly string[], { path, query, pageSize }: PageAsk): Page<string> {
  const last = query.get('last')
  const rest = last === null ? names : names.filter((name) => name > last)
  const asked = query.has('n') ? Number(query.get('n')) : Number.POSITIVE_INFINITY
  const n = Math.min(
    Number.isNaN(asked) ? Number.POSITIVE_INFINITY : asked,
    pageSize ?? Number.POSITIVE_INFINITY,
  )
  const items = rest.slice(0, n)
  const end = items.at(-1)
  if (end === undefined || items.length === rest.length) return { items, link: {} }
  return { items, link: next(`${path}?n=${n}&last=${encodeURIComponent(end)}`) }
}

/** Pages by position, for lists without names; `keep` are the parameters that travel to the next page. */
export function pageByOffset<T>(list: readonly T[], ask: PageAsk, keep: readonly string[]): Page<T> {
  const from = Number(ask.query.get('from') ?? 0)
  const to = from + (ask.pageSize ?? list.length)
  if (to >= list.length) return { items: list.slice(from), link: {} }
  const query = new URLSearchParams({ from: String(to) })
  for (const name of keep) if (ask.query.has(name)) query.set(name, ask.query.get(name) ?? '')
  return { items: list.slice(from, to), link: next(`${ask.path}?${query.toString()}`) }
}

function next(target: string): Record<string, string> {
  return { Link: `<${target}>; rel="next"` }
}
