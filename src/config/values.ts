import { z } from 'zod'
import { isRefusal, type Parser, type Refusal } from './parsers.ts'
import { eitherOf, quote } from './problem.ts'

/** How a key looks in the file. */
export type Shape = 'text' | 'flag' | 'list' | 'text or list'

/** A value as it stands in the file. */
export type Plain = string | boolean | readonly string[]

/** What is known of a key besides its parser. */
export interface KeyFacts {
  readonly shape: Shape
  /** The value when nobody says anything, in the spelling of the file. */
  readonly fallback: Plain
  /** A few words for people. */
  readonly about: string
  /** A value to show where the fallback is no example. */
  readonly example?: string
}

export const keyFacts = z.registry<KeyFacts>()

export interface TextOptions<T> {
  readonly fallback: string
  readonly about: string
  readonly parse: Parser<T>
  readonly example?: string
}

/** A key whose value is text that `parse` understands. */
export function text<T>({ parse, ...facts }: TextOptions<T>) {
  return z
    .string()
    .transform((value, context) => accept(parse(value), { value, context }))
    .prefault(facts.fallback)
    .register(keyFacts, { shape: 'text', ...facts })
}

/** The same where "" means that there is no value, as undefined. */
export function optionalText<T>({ parse, about, example }: Omit<TextOptions<T>, 'fallback'>) {
  return text<T | undefined>({
    fallback: '',
    about,
    parse: (value) => (value === '' ? undefined : parse(value)),
    ...(example === undefined ? {} : { example }),
  })
}

/** A key with a few possible words. */
export function word<const W extends string>(words: readonly [W, ...W[]], about: string) {
  const parse = (value: string): W | Refusal =>
    words.find((known) => known === value) ?? { refusal: `must be ${eitherOf(words)}` }
  return text({ fallback: words[0], about, parse })
}

/** true or false. */
export function flag(fallback: boolean, about: string) {
  return z.boolean().prefault(fallback).register(keyFacts, { shape: 'flag', fallback, about })
}

export interface ListOptions<T> {
  readonly about: string
  readonly parse: Parser<T>
  readonly fallback?: readonly string[]
  readonly example?: string
}

/** A list of texts. */
export function list<T>({ parse, fallback = [], ...facts }: ListOptions<T>) {
  const item = z.string().transform((value, context) => accept(parse(value), { value, context }))
  return z
    .array(item)
    .prefault([...fallback])
    .register(keyFacts, { shape: 'list', fallback, ...facts })
}

/** A word, or a list of texts. */
export function textOrList<T>(options: {
  readonly fallback: string
  readonly about: string
  readonly parse: (value: string | readonly string[]) => T | Refusal
}) {
  const { parse, ...facts } = options
  return z
    .union([z.string(), z.array(z.string())])
    .transform((value, context) => accept(parse(value), { value, context }))
    .prefault(facts.fallback)
    .register(keyFacts, { shape: 'text or list', ...facts })
}

function accept<T>(parsed: T | Refusal, from: { value: unknown; context: z.RefinementCtx }): T {
  if (!isRefusal(parsed)) return parsed
  from.context.addIssue({ code: 'custom', message: `${parsed.refusal} (is ${quote(from.value)})` })
  return z.NEVER
}

/** Any text. */
export function asIs(value: string): string {
  return value
}

/** Any text with something in it. */
export function notEmpty(value: string): string | Refusal {
  return value.trim() === '' ? { refusal: 'must not be empty' } : value.trim()
}
