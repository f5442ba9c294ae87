/** A server of git that may be asked. */
export interface GitServer {
  /** As it stands in paths, lower case: "github.com", with a port where it has one. */
  readonly name: string
  /** Where it is really asked, without a trailing slash. */
  readonly url: string
  /** As the origin client knows it. */
  readonly upstream: string
}

/** The part of the configuration that is about git. */
export interface GitSettings {
  readonly enabled: boolean
  readonly hosts: readonly GitServer[]
  /** Where large files may be fetched from besides: every upstream of files. */
  readonly files: readonly Omit<GitServer, 'name'>[]
  /** Where they may lie elsewhere: "host", "host:port" or "*.suffix". */
  readonly redirectHosts: readonly string[]
  /** Oldest confirmation of a repository, in milliseconds, after which it is still served while its server is down. */
  readonly staleIfError: number
  /** Bytes of one large file; 0 = no limit. */
  readonly maxFile: number
}
