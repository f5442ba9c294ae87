import { parseDigest } from './digest.ts'
import { isProtocolName } from './protocol-names.ts'

/** One line of a warm list: an image, or with "*" in its tag several. */
export interface WarmName {
  /** As it was written, without blanks around it. */
  readonly text: string
  /** What stands before tag and digest, perhaps with a registry. */
  readonly repository: string
  /** A glob on tags; undefined for one image. */
  readonly glob: string | undefined
}

/** Reads a line of a warm list; where it can mean no image, says why in words that fit behind "is". */
export function readWarmName(line: string): WarmName | { readonly problem: string } {
  const text = line.trim()
  const at = text.indexOf('@')
  const named = at < 0 ? text : text.slice(0, at)
  const colon = named.lastIndexOf(':')
  const hasTag = colon > named.lastIndexOf('/')
  const repository = hasTag ? named.slice(0, colon) : named
  const tag = hasTag ? named.slice(colon + 1) : undefined
  const digest = at < 0 ? undefined : text.slice(at + 1)
  const problem = problemOf(text) ?? placeProblem(repository) ?? referenceProblem(tag, digest)
  if (problem !== undefined) return { problem }
  return {
    text,
    repository,
    glob: digest === undefined && tag !== undefined && isGlob(tag) ? tag : undefined,
  }
}

/** Characters: a registry, 255 of a repository, a tag and a digest. */
const LONGEST = 800

function problemOf(text: string): string | undefined {
  if (text === '') return 'empty'
  if (text.length > LONGEST) return 'no name: it is longer than any'
  if (/\s/.test(text)) return 'no name: it holds blanks; write one name for each image, such as "nginx:1.27"'
  if (text.includes('://')) return 'an address: write the name alone, such as "ghcr.io/org/app:1"'
  if (isProtocolName(text)) return 'no image: only images can be fetched in advance'
  return undefined
}

function placeProblem(repository: string): string | undefined {
  if (isGlob(repository)) return 'no name: "*" may stand in the tag alone'
  return /^[\w.:-]+(\/[\w.-]+)*$/.test(repository) ? undefined : 'no name of an image'
}

function referenceProblem(tag: string | undefined, digest: string | undefined): string | undefined {
  if (digest !== undefined && parseDigest(digest) === undefined)
    return 'no name: after "@" stands "sha256:" and 64 hexadecimal digits'
  if (tag === undefined || /^[\w*?][\w.*?-]{0,127}$/.test(tag)) return undefined
  return 'no name: a tag has at most 128 letters, digits, dots, dashes and underscores'
}

function isGlob(text: string): boolean {
  return /[*?]/.test(text)
}
