import type { ApiError } from '../../../src/api/contract.ts'
import type { TestStep } from '../../../src/api/contract-activity.ts'
import type { Saying } from '../../../src/domain/saying.ts'
import { fill, known } from '../words/errors.ts'
import { serverWords } from '../words/words.ts'

/** What went wrong, as a sentence in the language of the reader; in the server's own words where there are no others. */
export function errorText({ code, message, reason, params = {}, said }: Omit<ApiError, 'hint'>): string {
  const words = serverWords()
  const own = known(words?.reasons ?? {}, reason) ?? textOfCode(code)
  return words === undefined || own === undefined ? asSentence(message) : closed(fill(own, params), said)
}

/** What to do about it; nothing where the reason says that already. */
export function errorHint({ code, hint, reason }: ApiError): string {
  if (reason !== undefined) return ''
  const codes: Readonly<Record<string, readonly [string, string]>> | undefined = serverWords()?.codes
  return codes !== undefined && Object.hasOwn(codes, code) ? (codes[code]?.[1] ?? '') : asSentence(hint)
}

/** A code of the error catalogue where it stands alone. */
export function codeText(code: string): string {
  return textOfCode(code) ?? code
}

/** What went wrong at an upstream last. */
export function upstreamErrorText({
  code,
  text,
  said,
}: {
  code: string
  text: string
  said?: string | undefined
}): string {
  const own = textOfCode(code)
  return own === undefined ? text : closed(own, said)
}

/** What a step of a test found, and what to do about it. */
export function findingText({ detail, advice, says }: TestStep): { detail: string; advice: string } {
  const words = serverWords()
  if (words === undefined) return { detail, advice: advice ?? '' }
  const text = (saying: Saying | undefined): string | undefined => {
    const sentence = known(words.findings, saying?.id)
    return sentence === undefined ? undefined : fill(sentence, saying?.params ?? {})
  }
  const { error } = says
  const cause = error === undefined ? undefined : (known(words.causes, error.code) ?? error.text)
  const parts = [text(says.detail), cause].filter((part) => part !== undefined)
  return {
    detail: parts.length === 0 ? detail : parts.join(words.colon),
    advice: text(says.advice) ?? advice ?? '',
  }
}

function textOfCode(code: string): string | undefined {
  const codes: Readonly<Record<string, readonly [string, string]>> | undefined = serverWords()?.codes
  return codes !== undefined && Object.hasOwn(codes, code) ? codes[code]?.[0] : undefined
}

/** With what is left in English behind it, or else as a whole sentence. */
function closed(text: string, said: string | undefined): string {
  const { colon = '', end = '' } = serverWords() ?? {}
  if (said !== undefined) return `${text}${colon}${said}`
  return /\p{Po}$/u.test(text) && !/[”"]$/.test(text) ? text : `${text}${end}`
}

/** The server speaks in lower case, as lists and logs do. A name in front stays as it is. */
function asSentence(text: string): string {
  const first = /^[a-z]+(?=[ ,:])/.test(text) ? `${text[0]?.toUpperCase()}${text.slice(1)}` : text
  return first === '' || /[.!?:]$/.test(first) ? first : `${first}.`
}
