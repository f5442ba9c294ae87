import type { Exchange } from '../front-end.ts'

/**
 * The Link header of a list, so that its next page is asked for here: clients take the address as it is. Undefined where
 * the hub names no next page. `prefix`: what stands before the hub's own paths, "" in most places.
 */
export function ownLink(
  link: string | undefined,
  prefix: string,
  { urlOf }: Pick<Exchange, 'urlOf'>,
): string | undefined {
  const target = /<([^<>]+)>\s*;[^,<]*\brel="?next"?/.exec(link ?? '')?.[1]
  const url = target === undefined ? null : URL.parse(target, 'http://hub.invalid')
  if (url === null || !url.pathname.startsWith(`${prefix}/api/`)) return undefined
  return `<${urlOf(`/hf${url.pathname.slice(prefix.length)}${url.search}`)}>; rel="next"`
}

/** What stands before the paths of a hub at this address. */
export function prefixOf(url: string): string {
  return new URL(url).pathname.replace(/\/+$/, '')
}
