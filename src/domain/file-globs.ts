import { type FileName, fileText, keptWith, parseFileName, withoutGitCase } from './file-names.ts'
import { createGlob } from './glob.ts'
import { isPlain } from './glob-set.ts'
import { type EntryKey, repositoryName } from './names.ts'

type Named = Pick<EntryKey, 'frontEnd' | 'upstream' | 'repository' | 'ref'>

/**
 * A pattern on files as all of them are compared: "HF:models/org/name" is "hf:org/name", and an entry of a module stands
 * for its version. What is no name of a file stays as it is.
 */
export function fullFilePattern(pattern: string): string {
  const parsed = isPlain(pattern) ? parseFileName(pattern) : undefined
  if (parsed !== undefined) return fileText(parsed)
  const end = pattern.indexOf(':')
  const kind = pattern.slice(0, end).toLowerCase()
  const rest = pattern.slice(end + 1)
  if (kind === 'hf') return `${kind}:${rest.replace(/^models\//, '')}`
  if (kind === 'git') return `${kind}:${withoutGitCase(rest)}`
  return `${kind}:${kind === 'github' ? withoutCase(rest) : rest}`
}

/** Owners and repositories of GitHub have no case, what lies in them has. */
function withoutCase(path: string): string {
  const parts = path.split('/')
  const open = parts.findIndex((part) => part.includes('**'))
  const names = open < 0 ? 2 : Math.min(open, 2)
  return parts.map((part, at) => (at < names ? part.toLowerCase() : part)).join('/')
}

/** One pattern on files, as `fullFilePattern` gives it. */
export interface FileGlob {
  /** Whether it means all of a repository ("hf:org/model"). */
  isOfAll(repository: string): boolean
  /** Whether it means this file, as `fileText` writes it; so far as it does not mean all of its repository. */
  isOf(file: string): boolean
  /** False where nothing in that repository can match. */
  mayBeIn(repository: string): boolean
}

export function createFileGlob(pattern: string): FileGlob {
  const matches = createGlob(pattern)
  const start = pattern.split(/[*?]/, 1)[0] ?? ''
  return {
    isOfAll: matches,
    isOf: matches,
    mayBeIn: (repository) =>
      repository.startsWith(start) ||
      (start.startsWith(repository) && /^(?:[/@]|$)/.test(start.slice(repository.length))),
  }
}

/** Many patterns on files at once; each carries something. Plain names are looked up, however many there are. */
export interface FileGlobs<T> {
  /** What the patterns carry that cover an entry, with what is kept beside files where they mean the whole repository. */
  of(key: Named): Generator<T>
  /** What those carry that cover a repository as a whole, or a file by its name. */
  ofName(name: FileName): Generator<T>
}

export function createFileGlobs<T>(items: readonly { match: string; value: T }[]): FileGlobs<T> {
  const plain = Map.groupBy(
    items.filter(({ match }) => isPlain(match)),
    ({ match }) => match,
  )
  const globs = items
    .filter(({ match }) => !isPlain(match))
    .map(({ match, value }) => ({ glob: createFileGlob(match), value }))
  function* of(repository: string, file: string | undefined): Generator<T> {
    for (const text of file === undefined ? [repository] : [repository, file])
      for (const { value } of plain.get(text) ?? []) yield value
    for (const { glob, value } of globs)
      if (glob.isOfAll(repository) || (file !== undefined && glob.isOf(file))) yield value
  }
  return {
    of: (key) => {
      const file = keptWith(key)
      return of(repositoryName(key), file === undefined ? undefined : fileText(file))
    },
    ofName: (name) => of(fileText({ ...name, file: undefined }), fileText(name)),
  }
}
