import { closest } from '../config/locate.ts'
import { parseBytes, parseDuration } from '../domain/units.ts'
import { usageError } from './exit.ts'
import { COLOR_CHOICES, type ColorChoice } from './terminal.ts'

export interface FlagSpec {
  /** What stands for its value in a usage line; undefined: it has none. */
  readonly value?: string
  readonly short?: string
  readonly help: string
  /** Its value may begin with a dash: "--sort -total". */
  readonly dashed?: true
}

const specs = {
  config: { value: 'FILE', short: 'c', help: 'the configuration, config.toml by default' },
  help: { short: 'h', help: 'what a command does' },
  color: { value: 'WHEN', help: 'auto, always or never; NO_COLOR is honoured' },
  quiet: { short: 'q', help: 'no progress and no notes on standard error' },
  verbose: { short: 'v', help: 'say what is going on; twice: with stacks of errors' },
  json: { help: 'the result as one JSON document' },
  list: { help: 'the lists, when they run next and how they ended last' },
  csv: { help: 'the result as CSV with a title line' },
  yes: { short: 'y', help: 'do not ask' },
  'dry-run': { help: 'say what would happen and change nothing' },
  'include-gone': { help: 'also what its upstream does not have any more' },
  'tags-only': { help: 'only the named tags; an image goes with its last one' },
  now: { help: 'free the bytes at once; it cannot be undone' },
  filter: { value: 'WORDS', dashed: true, help: 'only what matches: "idle:30d >100MiB untagged"' },
  sort: { value: 'COLUMN', dashed: true, help: 'order, "-" in front for the largest first' },
  limit: { value: 'N', help: 'at most that many rows' },
  page: { value: 'N', help: 'which page of the answer, from 1' },
  all: { help: 'every row' },
  tags: { help: 'images instead of repositories' },
  files: { help: 'files, modules and mirrors instead of images' },
  kind: { value: 'KIND', help: 'only go, github, hf or git' },
  since: { value: 'TIME', help: 'traffic of the last "7d"' },
  watch: { help: 'draw it again every 2 s until Ctrl-C' },
  free: { value: 'SIZE', help: 'free that much: "20GiB"' },
  to: { value: 'SIZE', help: 'leave that much: "100GiB", or "70%" of storage.max_size' },
  idle: { value: 'TIME', help: 'drop what nobody used for "30d"' },
  untagged: { help: 'drop images that no tag leads to' },
  'keep-platform': { value: 'LIST', help: 'drop what is for other platforms than "linux/amd64,linux/arm64"' },
  upstream: { value: 'LIST', help: 'only of these: "docker.io,ghcr.io", or go, github, hf, git' },
  grace: { value: 'TIME', help: 'keep what was used that recently, 10m by default' },
  until: { value: 'WHEN', help: 'through a day "2026-12-31", or for "30d"' },
  reason: { value: 'TEXT', help: 'why, for whoever asks later' },
  platform: { value: 'LIST', help: '"linux/amd64,linux/arm64", or all' },
  include: { value: 'GLOBS', help: 'of a model only these files: "*.json,onnx/**"' },
  exclude: { value: 'GLOBS', help: 'of a model not these files' },
  output: { value: 'FILE', short: 'o', help: 'where to write it; "-" for standard output' },
  continue: { help: 'go on where an earlier run stopped' },
  as: { value: 'NAME', help: 'the name of the image: "docker.io/library/app:1"' },
  repair: { help: 'fetch damaged content again' },
  'with-content': { help: 'also the content of the cache' },
  'with-keys': { help: 'also private keys, and passwords and tokens for elsewhere' },
  rate: { value: 'SPEED', help: 'read at most "200MiB/s"' },
  file: { value: 'FILE', help: 'the file of users; auth.htpasswd, or htpasswd in the data folder' },
  user: { value: 'USER', help: 'a user by name' },
  role: { value: 'ROLE', help: 'user (pulls and looks), operator (changes what is cached) or admin' },
  expires: { value: 'WHEN', help: 'for "90d", or through a day "2026-12-31"; for good by default' },
  origin: { help: 'where each value comes from' },
  url: { value: 'URL', help: 'the address to ask' },
  http: { help: 'the cache is reached by plain http' },
  ca: { value: 'FILE', help: "the certificate of the cache's own authority, as a path on the client" },
  key: { value: 'KEY', help: 'a pull key' },
  registries: { value: 'LIST', help: '"docker.io,ghcr.io"; all upstreams by default' },
  strict: { help: 'never ask the registry itself, even when the cache fails' },
  undo: { help: 'the script that brings everything back' },
} as const satisfies Record<string, FlagSpec>

export type FlagName = keyof typeof specs
export const FLAGS: Readonly<Record<FlagName, FlagSpec>> = specs
/** Flags of every command. */
export const COMMON: readonly FlagName[] = ['config', 'color', 'quiet', 'verbose', 'help']

export interface Flags {
  on(name: FlagName): boolean
  text(name: FlagName): string | undefined
  /** The readers below throw CommandError (exit 2) where the value is none. */
  bytes(name: FlagName): number | undefined
  /** Milliseconds. */
  duration(name: FlagName): number | undefined
  count(name: FlagName): number | undefined
  readonly color: ColorChoice
  /** How often -v was given. */
  readonly verbosity: number
}

export type FlagValues = ReadonlyMap<FlagName, readonly (string | true)[]>

/** Flags of one command line by name; the last one of several counts. */
export function createFlags(values: FlagValues): Flags {
  const last = (name: FlagName): string | undefined => {
    const value = values.get(name)?.at(-1)
    return value === true ? undefined : value
  }
  const parsed = (name: FlagName, parse: (text: string) => number | undefined, like: string) => {
    const value = last(name)
    if (value === undefined) return undefined
    const number = parse(value)
    if (number === undefined) throw badValue(name, value, `like ${like}`)
    return number
  }
  return {
    on: (name) => values.has(name),
    text: last,
    bytes: (name) => parsed(name, parseBytes, '"500MB" or "20GiB"'),
    duration: (name) => parsed(name, parseDuration, '"12h" or "30d"'),
    count: (name) => parsed(name, parseCount, '"50"'),
    get color() {
      return chosen(last('color') ?? 'auto')
    },
    verbosity: values.get('verbose')?.length ?? 0,
  }
}

/** A value that a flag cannot have, as an error of usage. */
export function badValue(name: FlagName, value: string, wanted: string): Error {
  return usageError({ what: `--${name} cannot be "${value}"`, hint: `a value ${wanted}` })
}

function parseCount(text: string): number | undefined {
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined
}

function chosen(value: string): ColorChoice {
  const choice = COLOR_CHOICES.find((one) => one === value)
  if (choice !== undefined) return choice
  throw badValue(
    'color',
    value,
    `of ${COLOR_CHOICES.join(', ')}; perhaps ${closest(value, COLOR_CHOICES) ?? 'auto'}`,
  )
}
