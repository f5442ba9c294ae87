import type { Condition } from './condition.ts'
import { type Because, because } from './reasons.ts'
import { parseBytes, parseDuration } from './units.ts'

export type Filter =
  | { readonly conditions: readonly Condition[] }
  /** One line that names the word which cannot be read. */
  | Problem

const LONGEST = 1000

export interface Problem {
  readonly problem: string
  readonly why: Because['why']
}

/** Words that stand alone. */
const STATES = ['untagged', 'tagged', 'pinned', 'partial', 'complete', 'replaced', 'gone', 'moved'] as const
/** Words that come with a value, and how one of them looks. */
const KEYS: Readonly<Record<string, string>> = {
  idle: 'idle:30d',
  used: 'used:7d',
  older: 'older:90d',
  upstream: 'upstream:ghcr.io',
  platform: 'platform:linux/arm64',
  only: 'only>100MiB',
  pulls: 'pulls<3',
}

type Reading = { readonly condition: Condition } | Problem

/**
 * The filter grammar of command line, console and API: words separated by blanks, all of which must hold; "!" or "-"
 * in front of one turns it around. Ages count back from `now`. Never throws; an empty text is no condition at all.
 */
export function parseFilter(text: string, now: number): Filter {
  if (text.length > LONGEST) return problem(because('filter_long', { most: LONGEST }))
  const conditions: Condition[] = []
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    const read = readWord(word, now)
    if ('problem' in read) return read
    conditions.push(read.condition)
  }
  return { conditions }
}

function readWord(word: string, now: number): Reading {
  const bare = word.replace(/^[!-]/, '')
  if (bare === '') return problem(because('filter_alone', { word }))
  const read = readPlain(bare, now)
  if (bare === word || 'problem' in read) return read
  return { condition: { ...read.condition, not: true } }
}

function readPlain(word: string, now: number): Reading {
  const state = STATES.find((one) => one === word.toLowerCase())
  if (state !== undefined) return { condition: { kind: state } }
  const size = /^(only)?([<>])(.*)$/i.exec(word)
  if (size !== null) return readSize(word, size)
  const pulls = /^pulls<(\d{1,9})$/i.exec(word)?.[1]
  if (pulls !== undefined) return { condition: { kind: 'fewer', pulls: Number(pulls) } }
  const [, key = '', value = ''] = /^([a-z]+):(.*)$/i.exec(word) ?? []
  const lower = key.toLowerCase()
  switch (lower) {
    case 'idle':
    case 'used':
    case 'older':
      return readAge(lower, value, now)
    case 'upstream':
      if (value === '') return problem(because('filter_upstream', { word, example: 'upstream:ghcr.io' }))
      return { condition: { kind: 'upstream', name: value.toLowerCase() } }
    case 'platform':
      return readPlatform(word, value.toLowerCase())
    default:
      return readName(word)
  }
}

function readSize(word: string, [, only, sign, text = '']: readonly (string | undefined)[]): Reading {
  const bytes = parseBytes(text)
  const example = `${only ?? ''}>100MiB`
  if (bytes === undefined) return problem(because('filter_size', { word, example }))
  const kind = sign === '>' ? 'larger' : 'smaller'
  return { condition: { kind, bytes, of: only === undefined ? 'total' : 'onlyHere' } }
}

function readPlatform(word: string, value: string): Reading {
  if (!/^[\w.+-]+(\/[\w.+-]+){0,2}$/.test(value))
    return problem(because('filter_platform', { word, example: KEYS['platform'] ?? '' }))
  return { condition: { kind: 'platform', name: value } }
}

function readAge(key: 'idle' | 'used' | 'older', value: string, now: number): Reading {
  const age = parseDuration(value)
  const example = KEYS[key] ?? ''
  if (age === undefined) return problem(because('filter_time', { word: `${key}:${value}`, example }))
  const moment = now - age
  return { condition: key === 'used' ? { kind: key, after: moment } : { kind: key, before: moment } }
}

/** A misspelt word must not quietly become a name that nothing has: what is near a known word is refused. */
function readName(word: string): Reading {
  const near = nearestWord(word)
  if (near !== undefined) return problem(because('filter_word', { word, near }))
  return { condition: { kind: 'name', glob: nameGlob(word) } }
}

function problem({ message, why }: Because): Problem {
  return { problem: message, why }
}

function nearestWord(word: string): string | undefined {
  const plain = word.toLowerCase()
  const state = STATES.find((one) => isNear(plain, one))
  if (state !== undefined) return state
  const key = /^([a-z]+)[:<>]/.exec(plain)?.[1]
  if (key === undefined) return undefined
  const near = Object.keys(KEYS).find((one) => isNear(key, one))
  return near === undefined ? undefined : KEYS[near]
}

/**
 * A name as people type it, as a glob over whole names: without wildcards it may stand anywhere in the name, and
 * without a slash it speaks of the last part of it.
 */
function nameGlob(word: string): string {
  if (!/[*?]/.test(word)) return `**${word}**`
  return word.includes('/') || word.startsWith('**') ? word : `**/${word}`
}

/** Whether one edit (insert, delete, replace, swap neighbours) at most lies between two words. */
function isNear(a: string, b: string): boolean {
  const shorter = Math.min(a.length, b.length)
  if (shorter < 3) return false
  let start = 0
  while (start < shorter && a[start] === b[start]) start++
  let end = 0
  while (end < shorter - start && a.at(-1 - end) === b.at(-1 - end)) end++
  const [left, right] = [a.slice(start, a.length - end), b.slice(start, b.length - end)]
  if (left.length <= 1 && right.length <= 1) return true
  return left.length === 2 && right.length === 2 && left[0] === right[1] && left[1] === right[0]
}
