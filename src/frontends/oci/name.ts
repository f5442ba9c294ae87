import { AppError } from '../../domain/errors.ts'

const LONGEST = 255

/**
 * Whether components form a repository name (OCI distribution spec, "Pulling manifests"): each is lower-case
 * letters and digits, joined by `.`, `_`, `__` or any number of `-`. A linear scan, so no input makes it slow.
 */
export function isRepositoryName(components: readonly string[]): boolean {
  const length = components.reduce((sum, component) => sum + component.length + 1, -1)
  return components.length > 0 && length <= LONGEST && components.every(isComponent)
}

function isComponent(text: string): boolean {
  let at = wordEnd(text, 0)
  if (at === 0) return false
  while (at < text.length) {
    const next = separatorEnd(text, at)
    const end = wordEnd(text, next)
    if (next === at || end === next) return false
    at = end
  }
  return true
}

function wordEnd(text: string, from: number): number {
  let at = from
  while (at < text.length && isWord(text.charCodeAt(at))) at++
  return at
}

function isWord(c: number): boolean {
  return (c >= 97 && c <= 122) || (c >= 48 && c <= 57)
}

function separatorEnd(text: string, from: number): number {
  const c = text[from]
  if (c === '.') return from + 1
  if (c === '_') return text[from + 1] === '_' ? from + 2 : from + 1
  let at = from
  while (text[at] === '-') at++
  return at
}

/** The name as one string. Throws AppError `name_invalid`. */
export function joinName(components: readonly string[]): string {
  if (!isRepositoryName(components)) throw new AppError('name_invalid')
  return components.join('/')
}
