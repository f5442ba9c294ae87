import type { GithubHost } from '../../domain/file-hosts.ts'

/** The part of the configuration that is about files of GitHub. */
export interface GithubSettings {
  readonly enabled: boolean
  /** Addresses in scripts lead here, also for who does not ask for it. */
  readonly rewriteScripts: boolean
  /** Globs on "owner/repo" for which the operator's token goes along. */
  readonly tokenFor: readonly string[]
  /** Milliseconds until branches, "latest" and gists are asked about again. */
  readonly refTtl: number
  /** The same for tags and releases. */
  readonly tagTtl: number
  /** Milliseconds since the last confirmation during which content is served while GitHub fails. */
  readonly staleIfError: number
  /** Bytes; 0: no limit. */
  readonly maxFile: number
  /** Where each of GitHub's hosts is really asked, without a trailing slash; its name is that of its upstream. */
  readonly hosts: readonly { readonly name: GithubHost; readonly url: string }[]
}
