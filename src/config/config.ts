import type { PrefetchList } from '../domain/prefetch-list.ts'
import type {
  FileUpstreamConfig,
  GitConfig,
  GithubConfig,
  GoConfig,
  HubUpstreamConfig,
  HuggingfaceConfig,
} from './file-config.ts'

/** The whole configuration, checked and frozen. Sizes are bytes, durations milliseconds, files absolute paths. */
export interface Config {
  readonly server: ServerConfig
  readonly storage: StorageConfig
  readonly cache: CacheConfig
  /** At least one; exactly one has `default`. */
  readonly upstreams: readonly UpstreamConfig[]
  readonly go: GoConfig
  readonly github: GithubConfig
  readonly huggingface: HuggingfaceConfig
  readonly git: GitConfig
  /** The hosts that the four above may ask, as upstreams; none of what is switched off. */
  readonly fileUpstreams: readonly FileUpstreamConfig[]
  readonly hub: HubConfig
  readonly auth: AuthConfig
  readonly rules: readonly RuleConfig[]
  readonly limits: LimitsConfig
  readonly pins: readonly PinConfig[]
  readonly prefetch: readonly PrefetchList[]
  readonly jobs: JobsConfig
  readonly log: LogConfig
  readonly traces: TracesConfig
}

/** Traces of requests, for OpenTelemetry. */
export interface TracesConfig {
  /** "http://collector:4318/v1/traces"; undefined: none are made. */
  readonly endpoint: string | undefined
  /** Of all requests, 0 to 1. */
  readonly sample: number
}

/** Where to listen. An IPv6 host stands without its brackets; port 0 lets the system choose. */
export interface Address {
  readonly host: string
  readonly port: number
}

export interface ServerConfig {
  readonly listen: Address
  /** "https://cache.example.com" without a trailing slash; undefined: taken from each request. */
  readonly publicUrl: string | undefined
  readonly trustedProxies: readonly Cidr[]
  readonly tls: TlsConfig
  readonly acme: AcmeConfig
}

export interface TlsConfig {
  readonly cert: string | undefined
  readonly key: string | undefined
  readonly redirectHttp: Address | undefined
  /** Milliseconds; undefined: nothing is said about it. */
  readonly hsts: number | undefined
  /** Clients must show a certificate that this file's authorities signed. */
  readonly clientCa: string | undefined
}

export interface AcmeConfig {
  /** A program on PATH, or an absolute path. */
  readonly lego: string
  readonly email: string | undefined
  /** Lower case and ASCII, perhaps with "*." in front. Empty: ACME is off. */
  readonly domains: readonly string[]
  readonly challenge: 'http-01' | 'dns-01'
  readonly dnsProvider: string | undefined
  readonly dnsEnvFile: string | undefined
  /** "host:port". */
  readonly dnsResolvers: readonly string[]
  readonly dnsCheck: boolean
  readonly directory: string
}

export interface StorageConfig {
  readonly path: string
  /** 0: no limit. */
  readonly maxSize: number
  /** Bytes that eviction goes down to; 0 where `maxSize` is 0. */
  readonly evictTo: number
  readonly minFree: number
}

export interface CacheConfig {
  readonly tagTtl: number
  readonly staleIfError: number
  readonly negativeTtl: number
  readonly verifiedRanges: boolean
  readonly finishAbandoned: number
}

export interface UpstreamConfig {
  /** Lower case, "docker.io". */
  readonly name: string
  /** http or https, perhaps with a path, without a trailing slash. */
  readonly url: string
  /** Lower case, and so are the hosts. */
  readonly aliases: readonly string[]
  readonly default: boolean
  readonly hosts: readonly string[]
  readonly username: string | undefined
  readonly password: string | undefined
  /** Its own, or that of `cache`. */
  readonly tagTtl: number
  /** 0: no budget of its own. */
  readonly maxSize: number
  /** Its own, or that of `jobs`. */
  readonly expireUnused: number
  readonly whenDeleted: 'keep' | 'follow'
  /** Outgoing proxy, may hold credentials when it came from the environment. */
  readonly proxy: string | undefined
  /** Certificates in PEM. */
  readonly ca: string | undefined
  /** Also true when `url` itself names a private address or localhost. */
  readonly allowPrivate: boolean
  /** Further hosts ("auth.example.com" or with a port) that may issue tokens for this upstream. */
  readonly tokenHosts: readonly string[]
}

/** Searching Docker Hub, which its registry does not offer. */
export interface HubConfig {
  /** False: its web API is never asked. */
  readonly enabled: boolean
  /** The upstream that is called docker.io, or has that as an alias. */
  readonly registry: string | undefined
  /** Its web API; undefined where it is not asked, also where there is no such upstream, or it is a mirror. */
  readonly upstream: HubUpstreamConfig | undefined
}

/** "10.0.0.0/8", "fd00::/8": valid, always with a prefix length. */
export type Cidr = string

/** "private" as a whole means the networks of `PRIVATE_NETWORKS`. */
export type AnonymousPull = 'private' | 'all' | 'none' | readonly Cidr[]

export interface AuthConfig {
  readonly htpasswd: string | undefined
  readonly realm: string
  readonly admins: readonly string[]
  readonly operators: readonly string[]
  readonly anonymousPull: AnonymousPull
}

export interface RuleConfig {
  readonly effect: 'allow' | 'deny'
  readonly match: readonly string[]
  readonly users: readonly string[]
  readonly actions: readonly RuleAction[]
}

export type RuleAction = 'pull' | 'store'

export interface RequestLimit {
  readonly count: number
  readonly perMs: number
}

export interface LimitsConfig {
  /** Undefined: off. */
  readonly requests: RequestLimit | undefined
  readonly maxManifest: number
  /** 0: no limit. */
  readonly maxBlob: number
  /** The word "private" is already replaced by its networks. */
  readonly allow: readonly Cidr[]
  readonly deny: readonly Cidr[]
}

export interface PinConfig {
  /** Glob on "upstream/repository:tag". */
  readonly match: string
  /** Milliseconds since the epoch; undefined: for good. */
  readonly until: number | undefined
  readonly reason: string | undefined
}

export interface JobsConfig {
  /** Cron expression of five or six fields, local time; undefined: off. */
  readonly gc: string | undefined
  readonly scrub: string | undefined
  /** 0: never. */
  readonly expireUnused: number
}

export interface LogConfig {
  readonly level: LogLevel
  readonly format: 'auto' | 'text' | 'json'
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'
