import { z } from 'zod'
import { NO_REGISTRIES } from '../domain/file-hosts.ts'
import { isProtocolName } from '../domain/protocol-names.ts'
import {
  parseHost,
  parseProxy,
  parseSize,
  parseTime,
  parseUpstreamUrl,
  type Refusal,
  refuse,
} from './parsers.ts'
import { asIs, flag, list, optionalText, text, word } from './values.ts'

/** Our own paths that are no protocol's, and `library`, where Docker Hub keeps its official images. */
const OWN = ['v2', 'healthz', 'readyz', 'metrics', 'token', 'library']

/** Lower case, as it stands in paths and in ?ns=, perhaps with a port. */
function parseName(value: string): string | Refusal {
  const name = value.trim().toLowerCase()
  // "go:5000/app" would read as a name of a module.
  if (OWN.includes(name) || NO_REGISTRIES.has(name) || isProtocolName(name))
    return refuse('must be another name: this one has a meaning in paths')
  return /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?::\d{1,5})?$/.test(name)
    ? name
    : refuse('must be a registry name such as "ghcr.io" or "registry.example.com:5000"')
}

export function parseUsername(value: string): string | Refusal {
  return value.includes(':') ? refuse('must not contain a colon') : value
}

/** One [[upstream]] table. Name and url are checked for presence elsewhere, where the table's line is known. */
export const upstream = z.strictObject({
  name: optionalText({ about: 'its name in paths and in ?ns=', parse: parseName, example: 'docker.io' }),
  url: optionalText({
    about: 'where it is',
    parse: parseUpstreamUrl,
    example: 'https://registry-1.docker.io',
  }),
  aliases: list({ about: 'further names', parse: parseName, example: 'hub' }),
  default: flag(false, 'where names without a registry go'),
  hosts: list({
    about: 'virtual hosts',
    parse: (host) => parseHost(host, 'without port'),
    example: 'docker.cache.example.com',
  }),
  username: optionalText({ about: 'for private images and higher limits', parse: parseUsername }),
  password_file: optionalText({ about: 'file that holds only the password', parse: asIs }),
  tag_ttl: optionalText({ about: 'its own; "": as in [cache]', parse: parseTime, example: '5m' }),
  max_size: text({ fallback: '0', about: 'its own budget; "0": none', parse: parseSize }),
  expire_unused: optionalText({ about: 'its own; "": as in [jobs]', parse: parseTime, example: '30d' }),
  when_deleted: word(['keep', 'follow'], 'what a 404 for a cached tag means: keep it, or follow'),
  proxy: optionalText({
    about: 'outgoing http(s) proxy',
    parse: parseProxy,
    example: 'http://proxy.example.com:3128',
  }),
  ca_file: optionalText({ about: 'certificates to trust, a PEM file', parse: asIs }),
  allow_private: flag(false, 'may resolve to private addresses (always so when url itself names one)'),
  token_hosts: list({
    about: 'further hosts that may issue tokens',
    parse: (host) => parseHost(host, 'with port'),
    example: 'auth.example.com',
  }),
})
