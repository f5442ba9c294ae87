const MAX_SAID = 200

/**
 * What an upstream says in an error body, as one line: code and message of OCI JSON (image spec, "Error
 * codes"), of a token service or of S3's XML, else the start of a text. `secrets` are removed, and whatever
 * looks like a token or a signed query. Undefined when there is nothing to quote.
 */
export function saidIn(
  contentType: string | undefined,
  body: Buffer,
  secrets: readonly string[],
): string | undefined {
  const text = body.toString('utf8')
  const isText = contentType === undefined || /^text\/|[/+](?:json|xml)$/i.test(contentType)
  const words = jsonWords(text) ?? xmlWords(text) ?? (isText ? text.replaceAll(/<[^<>]*>/g, ' ') : undefined)
  const line = words === undefined ? '' : oneLine(redact(words, secrets))
  return line === '' ? undefined : line
}

function oneLine(text: string): string {
  return text
    .replaceAll(/[^\p{L}\p{N}\p{P}\p{S} ]+/gu, ' ')
    .replaceAll(/ +/g, ' ')
    .trim()
    .slice(0, MAX_SAID)
}

/**
 * Removes known secrets, queries of URLs, and things that look like credentials. Whoever answers chooses the text, so
 * no pattern may look at its end again from every word.
 */
export function redact(text: string, secrets: readonly string[]): string {
  let result = text
  for (const secret of secrets) if (secret !== '') result = result.replaceAll(secret, '…')
  return result
    .replaceAll(/\b(https?:\/\/)[^/\s"'@]*@/gi, '$1')
    .replaceAll(/\?[^\s"'<>?]*=[^\s"'<>]*/g, '?…')
    .replaceAll(/\b(Bearer|Basic) +[\w.~+/=-]+/gi, '$1 …')
    .replaceAll(/[\w.-]+/g, withoutToken)
    .replaceAll(/(signature|token|secret|password|credential) ?= ?[^\s&"'<>]+/gi, '$1=…')
}

/** A word up to where a JSON Web Token (RFC 7519) begins in it. */
function withoutToken(word: string): string {
  let start = 0
  for (const part of word.split('.')) {
    const end = start + part.length
    const at = part.search(/\beyJ[\w-]/)
    if (at >= 0 && end + 1 < word.length) return `${word.slice(0, start + at)}…`
    start = end + 1
  }
  return word
}

interface ErrorDocument {
  errors?: unknown
  error?: unknown
  code?: unknown
  message?: unknown
  details?: unknown
  detail?: unknown
  error_description?: unknown
}

function jsonWords(text: string): string | undefined {
  if (!/^\s*\{/.test(text)) return undefined
  let parsed: ErrorDocument
  try {
    // Every field is checked before it is used.
    parsed = JSON.parse(text) as ErrorDocument
  } catch {
    return undefined
  }
  // Every field is checked before it is used.
  const first = (Array.isArray(parsed.errors) ? parsed.errors[0] : parsed) as ErrorDocument | null | undefined
  if (typeof first !== 'object' || first === null) return undefined
  const { code, error, message, error_description, details, detail } = first
  const words = [
    [code, error].find(isWord),
    [message, error_description, details, detail].find(isWord),
  ].filter(isWord)
  return words.length === 0 ? undefined : words.join(': ')
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** S3 and its likes repeat the signature they refused, so only two elements are quoted. */
function xmlWords(text: string): string | undefined {
  if (!/^\s*<(?:\?xml|Error)\b/i.test(text)) return undefined
  const words = [/<Code>([^<]{1,200})</.exec(text)?.[1], /<Message>([^<]{1,500})</.exec(text)?.[1]]
  return words.filter(isWord).join(': ')
}
