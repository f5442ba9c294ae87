/** Where modules come from. */
export interface GoUpstream {
  /** As the origin client knows it, "proxy.golang.org". */
  readonly name: string
  /** Modules that are asked of the upstreams that name them and of no other; empty: all that no upstream names. */
  readonly match: readonly string[]
  /**
   * stop: only what it does not have is asked of the next one. next: what it cannot answer is, too.
   */
  readonly onError: 'stop' | 'next'
}

/** A checksum database whose files are passed on. */
export interface GoDatabase {
  /** As clients ask for it, "sum.golang.org". */
  readonly name: string
  /** As the origin client knows the host that has it. */
  readonly upstream: string
  /** "name+hash+key" as in GOSUMDB; undefined where only the connection to it vouches for what it says. */
  readonly key: string | undefined
}

/** The module proxy's part of the configuration. */
export interface GoSettings {
  readonly enabled: boolean
  /** off: names in zips are looked at, no more. record: the first hash of a version counts. sumdb: what databases say. */
  readonly verify: 'off' | 'record' | 'sumdb'
  readonly upstreams: readonly GoUpstream[]
  readonly databases: readonly GoDatabase[]
  /** Modules that are never asked of an upstream without `match`, nor of a database. */
  readonly private: readonly string[]
  /** direct: public modules that no upstream can give now are answered with 404, so that clients go to the source. */
  readonly whenUnreachable: 'error' | 'direct'
  /** Milliseconds until lists, branches and @latest are asked for again. */
  readonly listTtl: number
}
