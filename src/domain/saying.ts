/** A sentence with what stands in it, for those who say it in another language. */
export interface Saying {
  /** Which sentence, by its name in the catalogue it comes from. */
  readonly id: string
  readonly params: Params
}

/** Names and numbers, by the place they have in a sentence. */
export type Params = Readonly<Record<string, string | number>>

/** The places of a sentence: "name" and "most" in "{name} has {most}". */
export type PlaceIn<S extends string> = S extends `${string}{${infer Place}}${infer Rest}`
  ? Place | PlaceIn<Rest>
  : never

/** What has to be given for a sentence; nothing for one without places. */
export type Filling<S extends string> = [PlaceIn<S>] extends [never]
  ? []
  : [params: Readonly<Record<PlaceIn<S>, string | number>>]

/** "{name} is not cached" with its places filled; those that nothing is given for stay. */
export function fill(sentence: string, params: Params): string {
  return sentence.replace(/\{(\w+)\}/g, (place, name: string) =>
    Object.hasOwn(params, name) ? String(params[name]) : place,
  )
}
