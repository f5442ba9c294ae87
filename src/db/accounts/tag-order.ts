/** "1.27", "v2.0.1-alpine", "3.13.0rc2"; not the hash "7a1b2c". */
const VERSION = /^v?(\d+(?:\.\d+)*)(?=$|[-_+.]|(?<=\.\d+)(?:rc|alpha|beta|a|b)\d)(.*)$/i
const EARLY = /^[-_.]?(?:rc|alpha|beta|a|b|dev|pre|preview|canary|nightly|snapshot)(?:[-_.]?\d|[-_.]|$)/i

/** Sorts behind every digit and letter, so that "1.27.1" comes before "1.27". */
const END = '~'

/**
 * A text by which tags stand as people look for them: "latest", then versions from the newest to the oldest (early ones
 * behind the release they led to, variants in between), then all other names, in which higher numbers come first too.
 */
export function tagOrderKey(tag: string): string {
  if (tag === 'latest') return '0'
  const [, numbers, rest = ''] = VERSION.exec(tag) ?? []
  if (numbers === undefined) return `2${chunksOf(tag)} ${tag}`
  const version = numbers.split('.').map(falling).join('')
  const rank = rest === '' ? '0' : EARLY.test(rest) ? '2' : '1'
  return `1${version}${END}${rank}${chunksOf(rest)} ${tag}`
}

/** A version before its release: "1.27-rc1", "3.14.0b2". */
export function isEarlyTag(tag: string): boolean {
  const [, numbers, rest = ''] = VERSION.exec(tag) ?? []
  return numbers !== undefined && EARLY.test(rest)
}

function chunksOf(text: string): string {
  return text.toLowerCase().replaceAll(/\d+/g, falling)
}

/** Digits whose order is that of numbers turned around: more of them first, then higher ones. */
function falling(digits: string): string {
  const bare = digits.replace(/^0+(?=\d)/, '')
  const length = String(999 - Math.min(bare.length, 999)).padStart(3, '0')
  const turned = Array.from(bare, (digit) => 9 - Number(digit)).join('')
  return `${length}${turned}`
}
