/** Any part of the document. */
export type Part = Readonly<Record<string, unknown>>

/** A JSON schema, as far as it is looked into here. */
export interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly enum?: readonly unknown[]
  readonly maximum?: number
  readonly minimum?: number
  readonly maxLength?: number
  readonly [keyword: string]: unknown
}

/** Changes every object in a document, the inner ones first. */
export function mapObjects(value: unknown, change: (object: Schema) => Schema): unknown {
  if (Array.isArray(value)) return value.map((inner) => mapObjects(inner, change))
  if (typeof value !== 'object' || value === null) return value
  const inner = Object.entries(value).map(([name, one]) => [name, mapObjects(one, change)] as const)
  return change(Object.fromEntries(inner))
}

/** The names that a document refers to. */
export function refsIn(value: unknown): readonly string[] {
  const found = new Set<string>()
  mapObjects(value, (object) => {
    if (typeof object.$ref === 'string') found.add(object.$ref.slice(object.$ref.lastIndexOf('/') + 1))
    return object
  })
  return [...found]
}
