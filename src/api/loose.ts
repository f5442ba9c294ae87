import { withoutControls } from '../domain/text.ts'

/** JSON that somebody else wrote: own properties only, each to be checked for its type. */
export type Loose = Readonly<Record<string, unknown>>

const LONGEST = 16 * 1024
const MOST = 500

/** An object, or an empty one for whatever else it is. */
export function looseOf(value: unknown): Loose {
  // Only own properties are read from it, each checked for its type.
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Loose) : {}
}

export function parseLoose(bytes: Buffer): Loose {
  try {
    return looseOf(JSON.parse(bytes.toString('utf8')))
  } catch {
    return {}
  }
}

/** A text of bearable length without control characters; undefined for anything else. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? withoutControls(value.slice(0, LONGEST)) : undefined
}

export function textsOf(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return []
  return value
    .slice(0, MOST)
    .map(textOf)
    .filter((text) => text !== undefined)
}

/** A document as people look at it: its line breaks stay. */
export function shownText(bytes: Buffer): string {
  return bytes.toString('utf8').split('\n').map(withoutControls).join('\n')
}
