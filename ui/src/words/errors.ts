import type { ErrorCode } from '../../../src/domain/errors.ts'
import type { Reason } from '../../../src/domain/reasons.ts'
import type { Params } from '../../../src/domain/saying.ts'
import type { Sentence } from '../../../src/probe/sentences.ts'

/**
 * What the server says, in another language than its own, which is English: errors by code and by reason, and what a
 * test of an upstream finds. Names in braces are places that are filled.
 */
export interface ServerWords {
  /** What went wrong, and what to do about it. */
  readonly codes: Readonly<Record<ErrorCode, readonly [text: string, hint: string]>>
  readonly reasons: Readonly<Record<Reason, string>>
  readonly findings: Readonly<Record<Sentence, string>>
  /** Of failing connections, by Node's codes. */
  readonly causes: Readonly<Record<string, string>>
  readonly end: string
  /** Before what is left in English. */
  readonly colon: string
}

/** A server may be newer than this page. */
export function known(words: Readonly<Record<string, string>>, name: string | undefined): string | undefined {
  return name !== undefined && Object.hasOwn(words, name) ? words[name] : undefined
}

/** "{name} is not cached" with its places filled. */
export function fill(sentence: string, params: Params): string {
  return sentence.replace(/\{(\w+)\}/g, (place, name: string) => String(params[name] ?? place))
}
