import { z } from 'zod'
import { parseDomain, parseEmail, parseProvider, parseResolver } from './acme-parsers.ts'
import { parseCron } from './cron.ts'
import { git, github, go, huggingface } from './file-schema.ts'
import { hub } from './hub-schema.ts'
import { parseAnonymousPull, parseNetworks } from './networks.ts'
import {
  parseHttpsUrl,
  parseListen,
  parsePublicUrl,
  parseRate,
  parseShare,
  parseSize,
  parseTime,
  refuse,
} from './parsers.ts'
import { prefetch } from './prefetch-schema.ts'
import { SHIPPED_UPSTREAMS } from './shipped.ts'
import { traces } from './traces.ts'
import { upstream } from './upstream-schema.ts'
import { asIs, flag, list, notEmpty, optionalText, text, textOrList, word } from './values.ts'

const tls = z.strictObject({
  cert: optionalText({ about: 'certificate chain, a PEM file; re-read when it changes', parse: asIs }),
  key: optionalText({ about: 'its private key, a PEM file', parse: asIs }),
  redirect_http: optionalText({
    about: 'plain listener for redirects and ACME challenges',
    parse: parseListen,
    example: '0.0.0.0:80',
  }),
  hsts: optionalText({
    about: 'how long browsers shall insist on https; "": not said',
    parse: parseTime,
    example: '180d',
  }),
  client_ca: optionalText({ about: 'who signs the certificates that clients must show, PEM', parse: asIs }),
})

const acme = z.strictObject({
  lego: text({ fallback: 'lego', about: 'the lego program', parse: notEmpty }),
  email: optionalText({ about: 'for the certificate authority', parse: parseEmail }),
  domains: list({ about: 'names in the certificate; its terms of service are accepted', parse: parseDomain }),
  challenge: word(['http-01', 'dns-01'], 'how the names are proved; dns-01 needs dns_provider'),
  dns_provider: optionalText({ about: "lego's name of the DNS provider", parse: parseProvider }),
  dns_env_file: optionalText({ about: 'file with the variables that provider wants', parse: asIs }),
  dns_resolvers: list({
    about: 'name servers to ask instead of those of this machine',
    parse: parseResolver,
    example: '9.9.9.9:53',
  }),
  dns_check: flag(true, 'wait until the name servers show the record'),
  directory: text({
    fallback: 'https://acme-v02.api.letsencrypt.org/directory',
    about: 'the certificate authority',
    parse: parseHttpsUrl,
  }),
})

const server = z.strictObject({
  listen: text({ fallback: '0.0.0.0:5000', about: 'address and port', parse: parseListen }),
  public_url: optionalText({
    about: 'base of every absolute URL we write',
    parse: parsePublicUrl,
    example: 'https://cache.example.com',
  }),
  trusted_proxies: list({
    about: 'networks whose X-Forwarded-* we believe',
    parse: parseNetworks,
    example: '10.0.0.0/8',
  }),
  tls: tls.prefault({}),
  acme: acme.prefault({}),
})

const storage = z.strictObject({
  path: text({ fallback: './data', about: 'the data folder', parse: notEmpty }),
  max_size: text({ fallback: '50GiB', about: 'of everything cached; "0": no limit', parse: parseSize }),
  evict_to: text({ fallback: '90%', about: 'how far eviction goes once it must', parse: parseShare }),
  min_free: text({
    fallback: '1GiB',
    about: 'of the volume; below it nothing new is stored',
    parse: parseSize,
  }),
})

const cache = z.strictObject({
  tag_ttl: text({ fallback: '5m', about: 'a younger tag is answered without asking', parse: parseTime }),
  stale_if_error: text({ fallback: '30d', about: 'how old a tag may be in trouble', parse: parseTime }),
  negative_ttl: text({ fallback: '30s', about: 'how long "not found" is remembered', parse: parseTime }),
  verified_ranges: flag(false, 'answer ranges of a running download only once it is verified'),
  finish_abandoned: text({
    fallback: '64MiB',
    about: 'an abandoned download is finished when at most this is missing',
    parse: parseSize,
  }),
})

const auth = z.strictObject({
  htpasswd: optionalText({ about: 'file of users; re-read when it changes', parse: asIs }),
  realm: text({ fallback: 'Cachalot', about: 'shown by clients that ask for a password', parse: parseRealm }),
  admins: list({ about: 'users who may do everything', parse: notEmpty }),
  operators: list({ about: 'users who may evict, pin, fetch and clean up', parse: notEmpty }),
  anonymous_pull: textOrList({
    fallback: 'private',
    about: 'who pulls without a login: "private", "all", "none" or networks',
    parse: parseAnonymousPull,
  }),
})

const rule = z.strictObject({
  effect: word(['deny', 'allow'], 'what happens to a match'),
  match: list({ about: 'names, "*" within a component, "**" across', parse: notEmpty }),
  users: list({ about: '"*", "anonymous", "local" or names', parse: notEmpty, fallback: ['*'] }),
  actions: list({ about: 'pull, store', parse: parseAction, fallback: ['pull'] }),
})

const limits = z.strictObject({
  requests: text({ fallback: '600/m', about: 'per client address; "0": off', parse: parseRate }),
  max_manifest: text({ fallback: '4MiB', about: 'larger ones are refused', parse: parseSize }),
  max_blob: text({ fallback: '0', about: 'larger ones are refused; "0": no limit', parse: parseSize }),
  allow: list({ about: 'networks that are never limited', parse: parseNetworks, fallback: ['private'] }),
  deny: list({ about: 'networks that are refused', parse: parseNetworks, example: '192.0.2.0/24' }),
})

const pin = z.strictObject({
  match: text({ fallback: '', about: 'a name with registry and tag, "*" as in rules', parse: parsePattern }),
  until: optionalText({ about: 'a day; it ends then', parse: parseDay, example: '2027-01-31' }),
  reason: optionalText({ about: 'for people', parse: asIs }),
})

const jobs = z.strictObject({
  gc: text({ fallback: '17 3 * * *', about: 'expire, sweep and evict; "": off', parse: parseCron }),
  scrub: text({ fallback: '0 4 * * 0', about: 're-hash, oldest check first; "": off', parse: parseCron }),
  expire_unused: text({ fallback: '0', about: 'drop what nobody used for that long', parse: parseTime }),
})

const log = z.strictObject({
  level: word(['info', 'debug', 'warn', 'error', 'silent'], 'debug, info, warn, error or silent'),
  format: word(['auto', 'text', 'json'], 'auto: text on a terminal, json elsewhere'),
})

/** The file as a whole: its plain values go in, parsed ones in its own snake_case come out. */
export const configSchema = z.strictObject({
  server: server.prefault({}),
  storage: storage.prefault({}),
  cache: cache.prefault({}),
  upstream: z.array(upstream).prefault(structuredClone(SHIPPED_UPSTREAMS)),
  go: go.prefault({}),
  github: github.prefault({}),
  huggingface: huggingface.prefault({}),
  git: git.prefault({}),
  hub: hub.prefault({}),
  auth: auth.prefault({}),
  rule: z.array(rule).prefault([]),
  limits: limits.prefault({}),
  pin: z.array(pin).prefault([]),
  prefetch: z.array(prefetch).prefault([]),
  jobs: jobs.prefault({}),
  log: log.prefault({}),
  traces: traces.prefault({}),
})

export type Settings = z.output<typeof configSchema>
export type UpstreamSettings = Settings['upstream'][number]
export type GoUpstreamSettings = Settings['go']['upstream'][number]

function parseAction(value: string) {
  return value === 'pull' || value === 'store' ? value : refuse('must be "pull" or "store"')
}

/** A pin without a pattern would pin nothing, and one with blanks is a typing error. */
function parsePattern(value: string) {
  return /^\S*$/.test(value) ? value : refuse('must be a name such as "docker.io/library/alpine:3*"')
}

/** A day or a point in time to milliseconds since the epoch. A day ends at its last moment, in local time. */
function parseDay(value: string) {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(value)
  const at = Date.parse(isDay ? `${value}T23:59:59.999` : value)
  return Number.isNaN(at) ? refuse('must be a day such as "2027-01-31"') : at
}

function parseRealm(value: string) {
  return /^[\x20-\x7e]+$/.test(value) && !/["\\]/.test(value)
    ? value
    : refuse('must be plain ASCII without quotes and backslashes')
}
