const SEGMENTS = new Intl.Segmenter('en', { granularity: 'grapheme' })
const ASCII = /^[ -~]*$/
/** East Asian wide and fullwidth blocks (Unicode TR 11), and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u
const NARROW_AS_NOTHING = /^[\p{Mn}\p{Me}\p{Cf}]+$/u

/** Columns a text takes on a terminal: two for wide characters, none for combining ones. No colour codes inside. */
export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length
  let width = 0
  for (const { segment } of SEGMENTS.segment(text)) width += widthOf(segment)
  return width
}

function widthOf(segment: string): number {
  if (NARROW_AS_NOTHING.test(segment)) return 0
  return WIDE.test(segment) ? 2 : 1
}

/** The text in at most `width` columns; what is left out is marked with "…", in the middle so that tags stay. */
export function fit(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  if (width < 2) return '…'.slice(0, Math.max(0, width))
  const segments = [...SEGMENTS.segment(text)].map((one) => one.segment)
  const tail = take(segments.toReversed(), Math.floor((width - 1) / 2)).toReversed()
  const head = take(segments, width - 1 - displayWidth(tail.join('')))
  return `${head.join('')}…${tail.join('')}`
}

/** The same for sentences: their end is left out. */
export function fitStart(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  if (width < 2) return fit(text, width)
  const segments = [...SEGMENTS.segment(text)].map((one) => one.segment)
  return `${take(segments, width - 1)
    .join('')
    .trimEnd()}…`
}

function take(segments: readonly string[], width: number): string[] {
  const taken: string[] = []
  let left = width
  for (const segment of segments) {
    left -= widthOf(segment)
    if (left < 0) break
    taken.push(segment)
  }
  return taken
}

/** The text with blanks behind it up to `width` columns. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)))
}

const ASCII_FOR: Readonly<Record<string, string>> = {
  '…': '~',
  '·': '-',
  '–': '-',
  '✓': '+',
  '✗': 'x',
  '→': '>',
  '█': '#',
  '░': '-',
}

/** For terminals that only know ASCII; every sign keeps its one column, so what was aligned stays so. */
export function toAscii(text: string): string {
  return text.replaceAll(/[…·–✓✗→█░]/g, (sign) => ASCII_FOR[sign] ?? '?')
}
