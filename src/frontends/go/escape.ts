/**
 * Module paths and versions as they stand in addresses (golang.org/x/mod/module, "Escaped Paths"): "!a" is "A", so that
 * file systems that ignore case keep names apart. Undefined for what nobody may have escaped.
 */
export function unescapeName(text: string): string | undefined {
  if (!text.includes('!')) return PLAIN.test(text) ? text : undefined
  if (!ESCAPED.test(text)) return undefined
  return text.replaceAll(/!([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

const PLAIN = /^[\x20\x22-\x40\x5b-\x7e]+$/
const ESCAPED = /^(?:[\x20\x22-\x40\x5b-\x7e]|![a-z])+$/

/** The other way round; `text` is what `unescapeName` gave. */
export function escapeName(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`)
}

/** One path element as it goes out in an address. */
export function encodeElement(text: string): string {
  return encodeURIComponent(text).replaceAll('%2B', '+').replaceAll('%40', '@')
}

/** Undoes percent-encoding of one path element, once. Undefined for broken escapes and whatever hides a path in it. */
export function decodeElement(element: string): string | undefined {
  if (!element.includes('%')) return VISIBLE.test(element) ? element : undefined
  if (!/^(?:[^%]|%[0-9a-f]{2})*$/i.test(element)) return undefined
  const text = element.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return VISIBLE.test(text) ? text : undefined
}

/** All of ASCII that can be printed but slash and backslash. */
const VISIBLE = /^[\x20-\x2e\x30-\x5b\x5d-\x7e]+$/
