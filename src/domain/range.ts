/** One element of a Range header, before the size of the content is known. */
export type RangeSpec =
  | { readonly from: number; readonly to: number | undefined }
  | { readonly suffix: number }

/** What a Range header asks for. `impossible` can be satisfied by no size. */
export type RangeAsk =
  | { readonly kind: 'whole' }
  | { readonly kind: 'ranges'; readonly specs: readonly RangeSpec[] }
  | { readonly kind: 'impossible' }

/** Both ends inclusive. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** The answer to an ask, once the size is known. */
export type RangeAnswer =
  | { readonly kind: 'whole' }
  | { readonly kind: 'single'; readonly range: ByteRange }
  | { readonly kind: 'multi'; readonly ranges: readonly ByteRange[] }
  | { readonly kind: 'unsatisfiable' }

export const WHOLE: RangeAsk = { kind: 'whole' }

const MOST_RANGES = 16

/**
 * Range header to ask (RFC 9110 §14.2). Other units and malformed headers are ignored, as the RFC allows;
 * more than 16 ranges are answered whole, so nobody can multiply what is sent.
 */
export function parseRange(header: string | undefined): RangeAsk {
  if (header === undefined || !/^bytes[ \t]*=/i.test(header)) return WHOLE
  const parts = header.slice(header.indexOf('=') + 1).split(',')
  if (parts.length > MOST_RANGES) return WHOLE
  const specs: RangeSpec[] = []
  for (const part of parts) {
    const spec = parseSpec(part.trim())
    if (spec === 'malformed') return WHOLE
    if (spec === 'impossible') return { kind: 'impossible' }
    specs.push(spec)
  }
  return { kind: 'ranges', specs }
}

function parseSpec(text: string): RangeSpec | 'malformed' | 'impossible' {
  const match = /^(\d*)-(\d*)$/.exec(text)
  const [, first = '', last = ''] = match ?? []
  if (match === null || (first === '' && last === '')) return 'malformed'
  if (first === '') return { suffix: toOffset(last) }
  const from = toOffset(first)
  const to = last === '' ? undefined : toOffset(last)
  return to !== undefined && to < from ? 'impossible' : { from, to }
}

/** Digits beyond what a file offset can be stand for "past every end". */
function toOffset(digits: string): number {
  const value = Number(digits)
  return Number.isSafeInteger(value) ? value : Number.MAX_SAFE_INTEGER
}

/**
 * Ask and size to answer. Unsatisfiable elements of a list are dropped while one remains (RFC 9110 §14.1.2);
 * overlapping lists are answered whole.
 */
export function resolveRange(ask: RangeAsk, size: number): RangeAnswer {
  if (ask.kind === 'whole') return ask
  if (ask.kind === 'impossible') return { kind: 'unsatisfiable' }
  const ranges = ask.specs.map((spec) => resolveSpec(spec, size)).filter((range) => range !== undefined)
  const [only] = ranges
  if (only === undefined) return { kind: 'unsatisfiable' }
  if (ranges.length === 1) return { kind: 'single', range: only }
  return overlaps(ranges) ? { kind: 'whole' } : { kind: 'multi', ranges }
}

function resolveSpec(spec: RangeSpec, size: number): ByteRange | undefined {
  if ('suffix' in spec) {
    return spec.suffix === 0 || size === 0
      ? undefined
      : { start: Math.max(0, size - spec.suffix), end: size - 1 }
  }
  if (spec.from >= size) return undefined
  return { start: spec.from, end: Math.min(spec.to ?? size - 1, size - 1) }
}

function overlaps(ranges: readonly ByteRange[]): boolean {
  const sorted = ranges.toSorted((a, b) => a.start - b.start)
  return sorted.some((range, i) => i > 0 && range.start <= (sorted[i - 1]?.end ?? -1))
}
