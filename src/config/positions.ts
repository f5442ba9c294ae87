/** Keys and list indexes from the root of the document: `['upstream', 1, 'url']`. */
export type Path = readonly (string | number)[]

/** Counted from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

export type Positions = ReadonlyMap<string, Position>

/** A path as a key of `Positions`. */
export function pathKey(path: Path): string {
  return path.join('\0')
}

/**
 * Where every table, key and list element of a TOML document begins (the parser does not say).
 * Trusts that the document is valid TOML 1.0 or 1.1; of any other it finds what it can and never fails.
 */
export function positionsOf(toml: string): Positions {
  const scanner = new Scanner(toml)
  scanner.document()
  return linesOf(toml, scanner.offsets)
}

function linesOf(toml: string, offsets: ReadonlyMap<string, number>): Positions {
  const starts = [0]
  for (let at = toml.indexOf('\n'); at !== -1; at = toml.indexOf('\n', at + 1)) starts.push(at + 1)
  const positions = new Map<string, Position>()
  for (const [key, offset] of offsets) {
    const line = lastAtMost(starts, offset)
    positions.set(key, { line: line + 1, column: offset - (starts[line] ?? 0) + 1 })
  }
  return positions
}

function lastAtMost(sorted: readonly number[], value: number): number {
  let low = 0
  let high = sorted.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((sorted[middle] ?? 0) <= value) low = middle
    else high = middle - 1
  }
  return low
}

const BARE_KEY = /[A-Za-z0-9_-]+/y
const BASIC_STRING = /"(?:[^"\\\n]|\\.)*"/y
const LITERAL_STRING = /'[^'\n]*'/y
const LONG_BASIC_STRING = /"""(?:[^\\]|\\[\s\S])*?"{3,5}/y
const LONG_LITERAL_STRING = /'''[\s\S]*?'{3,5}/y
const SPACE = /[ \t]*/y
const BLANK = /(?:[\s\uFEFF]|#[^\n]*)*/y
const SCALAR = /[^,\]}#\n]*/y
const REST_OF_LINE = /[^\n]*/y

/** Reads the document once and notes where paths begin. */
class Scanner {
  readonly offsets = new Map<string, number>()
  readonly #text: string
  /** How many tables each list of tables has so far, by its path. */
  readonly #lengths = new Map<string, number>()
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  document(): void {
    let table: Path = []
    for (this.#take(BLANK); this.#at < this.#text.length; this.#take(BLANK)) {
      const before = this.#at
      if (this.#text[this.#at] === '[') table = this.#header()
      else if (!this.#pair(table)) this.#take(REST_OF_LINE)
      if (this.#at === before) this.#at++
    }
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    this.#at += found?.length ?? 0
    return found
  }

  #takeChar(char: string): boolean {
    if (this.#text[this.#at] !== char) return false
    this.#at++
    return true
  }

  #note(path: Path, offset: number): void {
    for (let length = 1; length <= path.length; length++) {
      const key = pathKey(path.slice(0, length))
      if (!this.offsets.has(key)) this.offsets.set(key, offset)
    }
  }

  #header(): Path {
    const start = this.#at
    this.#takeChar('[')
    const many = this.#takeChar('[')
    const path = this.#tableAt(this.#keys(), many)
    this.#note(path, start)
    this.#take(REST_OF_LINE)
    return path
  }

  /** A name on the way that is a list of tables means its last element (TOML, "Array of Tables"). */
  #tableAt(names: readonly string[], many: boolean): Path {
    const path: (string | number)[] = []
    for (const [index, name] of names.entries()) {
      path.push(name)
      const length = this.#lengths.get(pathKey(path))
      if (many && index === names.length - 1) {
        this.#lengths.set(pathKey(path), (length ?? 0) + 1)
        path.push(length ?? 0)
      } else if (length !== undefined) path.push(length - 1)
    }
    return path
  }

  #keys(): string[] {
    const names: string[] = []
    do {
      this.#take(SPACE)
      const name =
        this.#take(BARE_KEY) ?? unquoted(this.#take(BASIC_STRING)) ?? this.#take(LITERAL_STRING)?.slice(1, -1)
      if (name === undefined) return names
      names.push(name)
      this.#take(SPACE)
    } while (this.#takeChar('.'))
    return names
  }

  #pair(table: Path): boolean {
    const start = this.#at
    const names = this.#keys()
    if (names.length === 0 || !this.#takeChar('=')) return false
    const path = [...table, ...names]
    this.#note(path, start)
    this.#take(SPACE)
    this.#value(path)
    return true
  }

  #value(path: Path): void {
    if (this.#takeChar('[')) this.#list(path)
    else if (this.#takeChar('{')) this.#inlineTable(path)
    else this.#takeFirst(LONG_BASIC_STRING, LONG_LITERAL_STRING, BASIC_STRING, LITERAL_STRING, SCALAR)
  }

  #takeFirst(...patterns: readonly RegExp[]): void {
    patterns.some((pattern) => this.#take(pattern) !== undefined)
  }

  #list(path: Path): void {
    for (let index = 0; this.#at < this.#text.length; index++) {
      this.#take(BLANK)
      if (this.#takeChar(']')) return
      this.#note([...path, index], this.#at)
      this.#value([...path, index])
      this.#take(BLANK)
      if (!this.#takeChar(',')) {
        this.#takeChar(']')
        return
      }
    }
  }

  #inlineTable(path: Path): void {
    while (this.#at < this.#text.length) {
      this.#take(BLANK)
      if (this.#takeChar('}') || !this.#pair(path)) return
      this.#take(BLANK)
      this.#takeChar(',')
    }
  }
}

function unquoted(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  try {
    const name: unknown = JSON.parse(text)
    return typeof name === 'string' ? name : undefined
  } catch {
    // TOML knows a few escapes that JSON does not; such a key only loses its line.
    return text.slice(1, -1)
  }
}
