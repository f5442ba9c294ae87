/** One challenge of a WWW-Authenticate header. */
export interface Challenge {
  /** Lower case. */
  readonly scheme: string
  /** By lower-case name. */
  readonly params: ReadonlyMap<string, string>
}

const SPACE_OR_COMMA = /[\s,]*/y
const TOKEN = /[!#$%&'*+.^_`|~\w-]+/y
const EQUALS = /\s*=\s*/y
const QUOTED = /"((?:[^"\\]|\\.)*)"/y
// Real registries forget the quotes, so everything up to a comma or a space is a value.
const BARE = /[^\s,"]*/y

/**
 * The challenges of a WWW-Authenticate header in their order, several in one header included (RFC 9110
 * §11.6.1). What cannot be understood is skipped, never an error.
 */
export function parseChallenges(header: string | undefined): Challenge[] {
  const found: { scheme: string; params: Map<string, string> }[] = []
  const text = header ?? ''
  let at = 0

  function take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match === null) return undefined
    at = pattern.lastIndex
    return match
  }

  while (at < text.length) {
    take(SPACE_OR_COMMA)
    const word = take(TOKEN)?.[0].toLowerCase()
    if (word === undefined) {
      at++
    } else if (take(EQUALS) === undefined) {
      found.push({ scheme: word, params: new Map() })
    } else {
      const quoted = take(QUOTED)?.[1]?.replaceAll(/\\(.)/g, '$1')
      const value = quoted ?? take(BARE)?.[0] ?? ''
      const params = found.at(-1)?.params
      if (params?.has(word) === false) params.set(word, value)
    }
  }
  return found
}
