/** What a piece of text means to its reader; colour only repeats what the words say. */
export type Tone = 'good' | 'warn' | 'bad' | 'dim' | 'strong' | 'accent'

export type Paint = (tone: Tone | undefined, text: string) => string

const CODES: Record<Tone, number> = { good: 32, warn: 33, bad: 31, dim: 2, strong: 1, accent: 36 }

export const plainPaint: Paint = (_tone, text) => text

/** For terminals: wraps text into the colour of its tone. */
export const colourPaint: Paint = (tone, text) =>
  tone === undefined || text === '' ? text : `\u001b[${CODES[tone]}m${text}\u001b[0m`
