import { DOCKER_HUB } from '../domain/names.ts'
import { type BuildOptions, programAt } from './build-options.ts'
import type { Config, ServerConfig, StorageConfig, UpstreamConfig } from './config.ts'
import { buildFiles } from './file-build.ts'
import { hubOf } from './hub.ts'
import { namesPrivateHost } from './networks.ts'
import type { Path } from './positions.ts'
import { prefetchName } from './prefetch-checks.ts'
import type { UpstreamSettings } from './schema.ts'
import { tracesOf } from './traces.ts'

/** Settings that passed every check as a frozen `Config`. */
export function buildConfig(options: BuildOptions): Config {
  const { auth, rule, limits, pin, jobs, log, cache } = options.settings
  const upstreams = upstreamsOf(options)
  return freeze({
    server: serverOf(options),
    storage: storageOf(options),
    cache: {
      tagTtl: cache.tag_ttl,
      staleIfError: cache.stale_if_error,
      negativeTtl: cache.negative_ttl,
      verifiedRanges: cache.verified_ranges,
      finishAbandoned: cache.finish_abandoned,
    },
    upstreams,
    ...buildFiles(options),
    hub: hubOf(options.settings, upstreams),
    auth: {
      htpasswd: fileAt(options, ['auth', 'htpasswd'], auth.htpasswd),
      realm: auth.realm,
      admins: auth.admins,
      operators: auth.operators,
      anonymousPull: auth.anonymous_pull,
    },
    rules: rule,
    limits: {
      requests: limits.requests,
      maxManifest: limits.max_manifest,
      maxBlob: limits.max_blob,
      allow: unique(limits.allow.flat()),
      deny: unique(limits.deny.flat()),
    },
    pins: pin,
    prefetch: prefetchOf(options),
    jobs: { gc: jobs.gc, scrub: jobs.scrub, expireUnused: jobs.expire_unused },
    log,
    traces: tracesOf(options.settings.traces),
  })
}

function serverOf(options: BuildOptions): ServerConfig {
  const { listen, public_url, trusted_proxies, tls, acme } = options.settings.server
  const lego = programAt(options, ['server', 'acme', 'lego'], acme.lego)
  return {
    listen,
    publicUrl: public_url,
    trustedProxies: unique(trusted_proxies.flat()),
    tls: {
      cert: fileAt(options, ['server', 'tls', 'cert'], tls.cert),
      key: fileAt(options, ['server', 'tls', 'key'], tls.key),
      redirectHttp: tls.redirect_http,
      hsts: tls.hsts,
      clientCa: fileAt(options, ['server', 'tls', 'client_ca'], tls.client_ca),
    },
    acme: {
      lego,
      email: acme.email,
      domains: unique(acme.domains),
      challenge: acme.challenge,
      dnsProvider: acme.dns_provider,
      dnsEnvFile: fileAt(options, ['server', 'acme', 'dns_env_file'], acme.dns_env_file),
      dnsResolvers: acme.dns_resolvers,
      dnsCheck: acme.dns_check,
      directory: acme.directory,
    },
  }
}

function storageOf(options: BuildOptions): StorageConfig {
  const { path, max_size, evict_to, min_free } = options.settings.storage
  const target = 'share' in evict_to ? Math.floor(max_size * evict_to.share) : evict_to.bytes
  return {
    path: options.resolve(['storage', 'path'], path),
    maxSize: max_size,
    evictTo: max_size === 0 ? 0 : target,
    minFree: min_free,
  }
}

function upstreamsOf({ settings, secretsAt }: BuildOptions): UpstreamConfig[] {
  const chosen = defaultOf(settings.upstream)
  return settings.upstream.map((upstream, index) => ({
    name: upstream.name ?? '',
    url: upstream.url ?? '',
    aliases: unique(upstream.aliases).filter((alias) => alias !== upstream.name),
    default: upstream === chosen,
    hosts: unique(upstream.hosts),
    username: upstream.username,
    password: secretsAt(['upstream', index]).secret,
    tagTtl: upstream.tag_ttl ?? settings.cache.tag_ttl,
    maxSize: upstream.max_size,
    expireUnused: upstream.expire_unused ?? settings.jobs.expire_unused,
    whenDeleted: upstream.when_deleted,
    proxy: upstream.proxy,
    ca: secretsAt(['upstream', index]).ca,
    allowPrivate: upstream.allow_private || namesPrivateHost(upstream.url ?? ''),
    tokenHosts: unique(upstream.token_hosts),
  }))
}

function prefetchOf(options: BuildOptions): Config['prefetch'] {
  return options.settings.prefetch.map((list, index) => ({
    name: prefetchName(list.name, index),
    refs: unique(list.refs),
    file: fileAt(options, ['prefetch', index, 'file'], list.file),
    schedule: list.schedule,
    platforms: unique(list.platforms),
    newest: list.newest,
    keepPulls: list.keep_pulls,
  }))
}

/** The one that is marked, else docker.io, else the first. */
export function defaultOf(upstreams: readonly UpstreamSettings[]): UpstreamSettings | undefined {
  const marked = upstreams.find((upstream) => upstream.default)
  return marked ?? upstreams.find((upstream) => upstream.name === DOCKER_HUB) ?? upstreams[0]
}

function fileAt(options: BuildOptions, path: Path, file: string | undefined): string | undefined {
  return file === undefined ? undefined : options.resolve(path, file)
}

function unique(words: readonly string[]): string[] {
  return [...new Set(words)]
}

/** Freezes plain data as deep as it goes. */
export function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) freeze(inner)
  return Object.freeze(value)
}
