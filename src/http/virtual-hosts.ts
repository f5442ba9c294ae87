/** A host below which there is one protocol alone, without the prefix that it has elsewhere. */
export interface VirtualHost {
  /** Lower case, without port. */
  readonly host: string
  /** "/go". */
  readonly prefix: string
  /** First components that mean the same here as elsewhere, since nothing of that protocol begins with them. */
  readonly keeps: readonly string[]
}

/** How paths below one virtual host are written there. */
export interface Place {
  /** The path that a client asked for, as it is below every other host. */
  enter(path: string): string
  /** The other way round. */
  leave(path: string): string
}

/** By the Host header, lower case and without port; undefined for all hosts that are no virtual ones. */
export type PlaceOf = (host: string) => Place | undefined

export function createVirtualHosts(hosts: readonly VirtualHost[]): PlaceOf {
  const places = new Map(hosts.map((one) => [one.host, createPlace(one)]))
  // Nearly nobody has any, and this is asked for every request.
  return places.size === 0 ? () => undefined : (host) => places.get(host)
}

function createPlace({ prefix, keeps }: VirtualHost): Place {
  const isKept = (path: string): boolean => keeps.includes(/^\/([^/]*)/.exec(path)?.[1] ?? '')
  return {
    enter: (path) => (isKept(path) ? path : prefix + path),
    leave: (path) => (path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path),
  }
}
