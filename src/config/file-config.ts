import type { ChecksumDatabase } from '../domain/checksum-database.ts'
import type { FrontEndName } from '../domain/names.ts'

/** What the sections of all but registries have. Sizes are bytes, durations milliseconds. */
export interface FilesConfig {
  /** False: every path of it is answered with 404, and none of its hosts is ever asked. */
  readonly enabled: boolean
  /** Virtual hosts, lower case. */
  readonly hosts: readonly string[]
  /** 0: no budget of its own. */
  readonly maxSize: number
}

export interface GoConfig extends FilesConfig {
  readonly verify: 'off' | 'record' | 'sumdb'
  readonly databases: readonly ChecksumDatabase[]
  /** Globs on modules, also those below what they name. */
  readonly private: readonly string[]
  readonly whenUnreachable: 'error' | 'direct'
  readonly listTtl: number
  readonly upstreams: readonly GoUpstreamConfig[]
}

export interface GoUpstreamConfig {
  /** As in `fileUpstreams`. */
  readonly name: string
  /** Empty: whatever no other one names. */
  readonly match: readonly string[]
  /** stop: only what it does not have is asked of the next one. */
  readonly onError: 'stop' | 'next'
}

export interface GithubConfig extends FilesConfig {
  readonly rewriteScripts: boolean
  /** Globs on "owner/repo" for which the token may be used; it is set with the upstreams. */
  readonly tokenFor: readonly string[]
  readonly hasToken: boolean
  readonly refTtl: number
  readonly tagTtl: number
  /** 0: no limit. */
  readonly maxFile: number
  /** "host", "host:port" or "*.suffix", lower case. */
  readonly redirectHosts: readonly string[]
}

export interface HuggingfaceConfig extends FilesConfig {
  /** Without a trailing slash. */
  readonly url: string
  /** Globs on "org/name", "datasets/org/name" and "spaces/org/name". */
  readonly tokenFor: readonly string[]
  readonly hasToken: boolean
  readonly refTtl: number
  readonly maxFile: number
  /** ".bin", lower case. */
  readonly denySuffixes: readonly string[]
}

export interface GitConfig {
  readonly enabled: boolean
  readonly hosts: readonly GitHostConfig[]
  /** "host", "host:port" or "*.suffix", lower case. */
  readonly redirectHosts: readonly string[]
  readonly refsWindow: number
  /** 0: no limit. */
  readonly maxMirror: number
  /** A program on PATH, or an absolute path. */
  readonly git: string
  readonly proxy: string | undefined
  readonly ca: string | undefined
}

export interface GitHostConfig {
  /** As it stands in paths, "github.com", with a port where it has one. */
  readonly name: string
  /** Where it is really asked, without a trailing slash. */
  readonly url: string
  /** As in `fileUpstreams`. */
  readonly upstream: string
  /** May resolve to private addresses. */
  readonly allowPrivate: boolean
}

/** A host of files as the origin client asks it. */
export interface FileUpstreamConfig {
  /** The host where that is enough to tell it, "proxy.golang.org". */
  readonly name: string
  readonly frontEnd: Exclude<FrontEndName, 'oci'>
  readonly kind: 'files'
  /** Without a trailing slash. */
  readonly url: string
  readonly username: string | undefined
  readonly password: string | undefined
  readonly token: string | undefined
  /** Absent: redirects may lead anywhere that is no private address. */
  readonly redirectHosts?: readonly string[]
  readonly proxy: string | undefined
  readonly ca: string | undefined
  readonly allowPrivate: boolean
  readonly tokenHosts: readonly string[]
}

/** Docker Hub's web API, which gives no files to anybody. */
export type HubUpstreamConfig = Omit<FileUpstreamConfig, 'frontEnd'>
