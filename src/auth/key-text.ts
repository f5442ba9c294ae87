import { randomInt } from 'node:crypto'

/**
 * A key is a component of a repository name, so that it can stand in every client's configuration: lower case, and
 * 25 letters and digits are 129 bits.
 */
const PREFIX = 'ck_'
const LENGTH = 25
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789'
const KEY = /^ck_[a-z0-9]{25}$/

/** A new secret, as it stands in a path. */
export function newKey(): string {
  const letters = Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)])
  return PREFIX + letters.join('')
}

export function isKey(text: string): boolean {
  return KEY.test(text)
}

export type KeyedPath =
  /** The path speaks of no key. */
  | { readonly kind: 'plain'; readonly path: string }
  /** `path` is the rest, as if there had been no key; the key may be unknown or misspelt. */
  | { readonly kind: 'keyed'; readonly key: string; readonly path: string }

/**
 * Takes the key out of a raw path without its query: `/k/<key>/v2/…`, `/k/<key>/<upstream>/v2/…`, `/k/<key>/go/…`, and
 * `/v2/k/<key>/…`. Nothing but keys lives below `/k/`, so there whatever stands in its place is one, and will be
 * refused. Below `/v2/` a repository may be called "k/app": there it takes the beginning of a key. A misspelt one is
 * a key too, for as a repository it would go to the upstream and into logs.
 */
export function splitKey(path: string): KeyedPath {
  const [, atRoot, key = '', rest = ''] = /^(\/v2)?\/k\/([^/]*)(.*)$/s.exec(path) ?? []
  const isKeyed = path.startsWith('/k/') || (atRoot === '/v2' && isNearlyKey(key))
  if (!isKeyed) return { kind: 'plain', path }
  return { kind: 'keyed', key, path: `${atRoot ?? ''}${rest === '' ? '/' : rest}` }
}

/** Repository names are lower case, so a prefix in upper case can only be somebody's slip. */
function isNearlyKey(text: string): boolean {
  return text.toLowerCase().startsWith(PREFIX)
}

/** The text without keys, for logs and messages: whole ones, cut ones and escaped ones. */
export function redactKeys(text: string): string {
  return text
    .replaceAll(/(^|[\s"'=(])(\/k\/)[^/?\s"']+/g, '$1$2***')
    .replaceAll(/(?<![a-z0-9])ck(_|%5f)[a-z0-9%]{6,}/gi, 'ck_***')
}
