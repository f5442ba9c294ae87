import { z } from 'zod'
import { mapObjects, type Schema } from './schema.ts'
import { propertiesOf, type Types } from './types.ts'

/**
 * What a route takes: limits from the schema that judges it, words from the contract. Throws where the two know
 * different fields, because then one of them is wrong.
 */
export function inputOf(route: string, judge: z.ZodType | undefined, { routes, named }: Types): Schema {
  const told = propertiesOf(routes[route]?.input, named)
  const judged = judge === undefined ? {} : schemaOf(judge)
  const names = Object.keys(judged.properties ?? {})
  const differing = names.filter((name) => !Object.hasOwn(told, name))
  differing.push(...Object.keys(told).filter((name) => !names.includes(name)))
  if (differing.length > 0)
    throw new Error(`${route}: contract and server differ about ${differing.join(', ')}`)
  const properties = Object.entries(judged.properties ?? {}).map(
    ([name, schema]) => [name, { ...wordsOf(told[name], named), ...schema }] as const,
  )
  return { ...judged, properties: Object.fromEntries(properties) }
}

function schemaOf(judge: z.ZodType): Schema {
  const { $schema: _draft, ...schema } = z.toJSONSchema(judge, { io: 'input', unrepresentable: 'any' })
  // A number that no program counts up to is no limit.
  const isNoLimit = (limit: number | undefined): boolean => Math.abs(limit ?? 0) === Number.MAX_SAFE_INTEGER
  return mapObjects(schema, ({ maximum, minimum, ...rest }) => ({
    ...rest,
    ...(maximum === undefined || isNoLimit(maximum) ? {} : { maximum }),
    ...(minimum === undefined || isNoLimit(minimum) ? {} : { minimum }),
  })) as Schema // An object becomes an object.
}

function wordsOf(told: Schema | undefined, named: Types['named']): Schema {
  const description = told?.description ?? named[told?.$ref?.split('/').at(-1) ?? '']?.description
  return description === undefined ? {} : { description }
}
