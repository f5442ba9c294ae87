/** One thing that is wrong, or (as a warning) unwise, in the configuration. */
export interface Problem {
  /** The file as it was named, or "environment". */
  readonly file: string
  /** Counted from 1, and so are columns. */
  readonly line?: number
  readonly column?: number
  /** "server.listen", "upstream[ghcr.io].url", the name of a variable, or empty for the whole file. */
  readonly path: string
  /** Free of secrets, one line. */
  readonly message: string
  /** An error when absent. */
  readonly severity?: 'error' | 'warning'
}

/** Thrown with everything that is wrong, at least one error, in the order of the file. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(problems.map(renderProblem).join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

export function isError(problem: Problem): boolean {
  return problem.severity !== 'warning'
}

/** One line for people: `config.toml:14  server.hots  unknown key; did you mean "host"?`. */
export function renderProblem(problem: Problem): string {
  return columnsOf(problem)
    .filter((column) => column !== '')
    .join('  ')
}

/** The same lines with their columns aligned, without a trailing line break. */
export function renderProblems(problems: readonly Problem[]): string {
  const rows = problems.map(columnsOf)
  const widthOf = (column: 0 | 1) => Math.max(0, ...rows.map((row) => row[column].length))
  const [where, path] = [widthOf(0), widthOf(1)]
  return rows
    .map((row) => `${row[0].padEnd(where)}  ${path === 0 ? '' : `${row[1].padEnd(path)}  `}${row[2]}`)
    .join('\n')
}

function columnsOf(problem: Problem): readonly [string, string, string] {
  const line = problem.line === undefined ? '' : `:${problem.line}`
  const mark = isError(problem) ? '' : 'warning: '
  return [`${problem.file}${line}`, problem.path, `${mark}${problem.message}`]
}

/** A value as it may be shown in a message: quoted, shortened, without the credentials of a URL. */
export function quote(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(shorten(withoutCredentials(value)))
  if (Array.isArray(value)) return 'a list'
  if (value instanceof Date) return 'a date'
  return typeof value === 'object' && value !== null ? 'a table' : String(value)
}

/** `https://user:secret@host` becomes `https://***@host`. */
export function withoutCredentials(text: string): string {
  return text.replace(/\/\/.*@/g, '//***@')
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/** `"a", "b" or "c"`. */
export function eitherOf(words: readonly string[]): string {
  const quoted = words.map((word) => `"${word}"`)
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`
}
