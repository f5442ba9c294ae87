import { createImageGlob, namesReference } from './glob.ts'

/** Many image patterns at once; each carries something. */
export interface ImageGlobs<T> {
  /** What the patterns carry that cover this name. */
  of(repository: string, reference: string): Generator<T>
}

/**
 * As `createImageGlob` for each of them, but plain names are looked up: thousands of them cost what one does. Only those
 * that hold a `*` or `?` are tried one after the other.
 */
export function createImageGlobs<T>(items: readonly { match: string; value: T }[]): ImageGlobs<T> {
  const plain = new Map<string, T[]>()
  const globs: { matches: (repository: string, reference: string) => boolean; value: T }[] = []
  for (const { match, value } of items) {
    if (!isPlain(match)) globs.push({ matches: createImageGlob(match), value })
    else {
      const key = plainKey(match)
      const values = plain.get(key)
      if (values === undefined) plain.set(key, [value])
      else values.push(value)
    }
  }
  return {
    *of(repository, reference) {
      yield* plain.get(`repository ${repository}`) ?? []
      yield* plain.get(`name ${nameOf(repository, reference)}`) ?? []
      for (const { matches, value } of globs) if (matches(repository, reference)) yield value
    },
  }
}

/** Whether a pattern means one name, or one repository. */
export function isPlain(pattern: string): boolean {
  return !/[*?]/.test(pattern)
}

/** Where a plain pattern parts into repository and tag or digest; without those, undefined. */
export function partPlain(pattern: string): { repository: string; reference: string | undefined } {
  if (!namesReference(pattern)) return { repository: pattern, reference: undefined }
  const at = pattern.indexOf('@')
  const end = at < 0 ? pattern.lastIndexOf(':') : at
  return { repository: pattern.slice(0, end), reference: pattern.slice(end + 1) }
}

function plainKey(pattern: string): string {
  return `${namesReference(pattern) ? 'name' : 'repository'} ${pattern}`
}

function nameOf(repository: string, reference: string): string {
  return `${repository}${reference.includes(':') ? '@' : ':'}${reference}`
}
