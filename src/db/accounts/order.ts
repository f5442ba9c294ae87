const DIGIT = 2 ** 16
const WORD = 2 ** 32

/**
 * Places of all values from the smallest (`sign` 1) or the largest (-1) to the other end; equal ones stay in the order
 * they are in. Whole numbers are sorted digit by digit: hundreds of thousands of rows take some milliseconds.
 */
export function sortedPlaces(values: Float64Array, sign: 1 | -1): Uint32Array {
  const keys = keysOf(values, sign)
  if (keys === undefined) {
    const places = Uint32Array.from(values.keys())
    return places.sort((a, b) => sign * ((values[a] ?? 0) - (values[b] ?? 0)) || a - b)
  }
  let places = new Uint32Array(values.length)
  for (let at = 0; at < places.length; at++) places[at] = at
  let spare = new Uint32Array(values.length)
  for (const { words, shift } of digitsOf(keys)) {
    place(places, spare, { words, shift })
    ;[places, spare] = [spare, places]
  }
  return places
}

interface Keys {
  readonly low: Uint32Array
  readonly high: Uint32Array
  readonly largest: number
}

interface Digit {
  readonly words: Uint32Array
  readonly shift: 0 | 16
}

/** How far each value is from the first one of the order; undefined where not all of them are whole numbers. */
function keysOf(values: Float64Array, sign: 1 | -1): Keys | undefined {
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (const value of values) {
    if (!Number.isSafeInteger(value)) return undefined
    if (value < min) min = value
    if (value > max) max = value
  }
  const largest = max - min
  if (largest > Number.MAX_SAFE_INTEGER) return undefined
  const low = new Uint32Array(values.length)
  const high = new Uint32Array(values.length)
  for (let at = 0; at < values.length; at++) {
    const value = values[at] ?? 0
    const key = sign === 1 ? value - min : max - value
    low[at] = key % WORD
    high[at] = Math.floor(key / WORD)
  }
  return { low, high, largest }
}

/** The last digit first; those that are 0 everywhere are left out. */
function digitsOf({ low, high, largest }: Keys): readonly Digit[] {
  const all: readonly Digit[] = [
    { words: low, shift: 0 },
    { words: low, shift: 16 },
    { words: high, shift: 0 },
    { words: high, shift: 16 },
  ]
  return all.filter((_, at) => largest >= DIGIT ** at)
}

/** Puts places into the order of one digit, those with the same one as they stood. */
function place(from: Uint32Array, to: Uint32Array, { words, shift }: Digit): void {
  const begins = new Uint32Array(DIGIT + 1)
  const digitOf = (at: number): number => ((words[at] ?? 0) >>> shift) & (DIGIT - 1)
  for (const at of from) {
    const next = digitOf(at) + 1
    begins[next] = (begins[next] ?? 0) + 1
  }
  for (let digit = 1; digit <= DIGIT; digit++) begins[digit] = (begins[digit] ?? 0) + (begins[digit - 1] ?? 0)
  for (const at of from) {
    const digit = digitOf(at)
    const free = begins[digit] ?? 0
    to[free] = at
    begins[digit] = free + 1
  }
}
