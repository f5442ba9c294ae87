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

/** What nobody calls a repository: a key in a place of its own, perhaps cut or in upper case. */
const ANYWHERE = /^(.*?)(?:\/k)?\/(ck(?:_|%5f)[a-z0-9]{20,})(\/.*)$/is

/**
 * Takes the key out of a raw path without its query: `/k/<key>/v2/…`, `/k/<key>/<upstream>/v2/…`, `/k/<key>/go/…`, and
 * `/v2/k/<key>/…`. Nothing but keys lives below `/k/`, so there whatever stands in its place is one, and will be
 * refused. Below `/v2/` a repository may be called "k/app": there it takes the beginning of a key. A misspelt one is
 * a key too, and so is one that somebody put elsewhere: as a repository it would go to the upstream and into logs.
 */
export function splitKey(path: string): KeyedPath {
  // Most paths are plain, and this is asked for every one.
  if (!path.startsWith('/k/') && !/\/ck(_|%5f)/i.test(path)) return { kind: 'plain', path }
  const [, atRoot = '', key = '', rest = ''] = /^(\/v2)?\/k\/([^/]*)(.*)$/s.exec(path) ?? []
  if (path.startsWith('/k/') || (atRoot !== '' && isNearlyKey(key))) return keyed(atRoot, key, rest)
  const [, front, misplaced = '', end = ''] = ANYWHERE.exec(path) ?? []
  return front === undefined ? { kind: 'plain', path } : keyed(front, misplaced, end)
}

function keyed(front: string, key: string, rest: string): KeyedPath {
  return { kind: 'keyed', key, path: `${front}${rest === '' ? '/' : rest}` }
}

/** A path without a key as the client has to ask for it that came with `asked`, where the key stood before. */
export function withKey(asked: string, path: string): string {
  const split = splitKey(asked)
  if (split.kind === 'plain') return path
  const front = asked.startsWith('/v2/k/') ? '/v2' : ''
  return `${front}/k/${split.key}${path.slice(front.length)}`
}

/**
 * Whether it was meant for a key, perhaps cut or misspelt. Repository names are lower case, so a prefix in upper case can
 * only be somebody's slip.
 */
export function isNearlyKey(text: string): boolean {
  return /^ck(_|%5f)/i.test(text)
}

/** The text without keys, for logs and messages: whole ones, cut ones and escaped ones. */
export function redactKeys(text: string): string {
  return text
    .replaceAll(/(^|[\s"'=(])(\/k\/)[^/?\s"']+/g, '$1$2***')
    .replaceAll(/(?<![a-z0-9])ck(_|%5f)[a-z0-9%]{6,}/gi, 'ck_***')
}
