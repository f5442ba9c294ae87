import { ERRORS } from '../../src/domain/errors.ts'
import { mapObjects, type Part, type Schema } from './schema.ts'
import { type RouteTypes, resolve, SCHEMAS, type Types } from './types.ts'

/** What comes when all went well, and else. */
export function responsesOf({ output }: RouteTypes, types: Types): Part {
  return {
    '200': { description: describe(output, types), content: contentOf(output, types) },
    default: { $ref: '#/components/responses/Problem' },
  }
}

function describe(output: RouteTypes['output'], { named }: Types): string {
  if (output.kind === 'events') return 'Events, until the client leaves.'
  if (output.kind === 'file') return 'The file; 206 with the part that a Range asks for.'
  if (output.kind === 'stream')
    return 'One JSON document per line: progress, at most ten times a second, then a result or an error.'
  const { description } = resolve(output.schema, named)
  return description ?? 'Done.'
}

function contentOf(output: RouteTypes['output'], types: Types): Part {
  if (output.kind === 'answer') return { 'application/json': { schema: answerOf(output.schema) } }
  if (output.kind === 'stream')
    return { 'application/x-ndjson': { schema: lineOf(answerOf(output.schema), types) } }
  if (output.kind === 'file') return { [output.type]: { schema: { type: 'string', format: 'binary' } } }
  const names = Object.keys(output.topics).join(', ')
  const description = `Events named ${names}; the data of each is JSON, as "x-events" says.`
  return {
    'text/event-stream': { schema: { type: 'string', description }, 'x-events': answerOf(output.topics) },
  }
}

/** The schema of a single line. */
function lineOf(result: Schema, { progress }: Types): Schema {
  const line = (type: string, field: Record<string, Schema>): Schema => ({
    type: 'object',
    properties: { type: { type: 'string', const: type }, ...field },
    required: ['type', ...Object.keys(field)],
  })
  return {
    description: 'One line.',
    oneOf: [
      answerOf(progress),
      line('result', { result }),
      line('error', { error: { $ref: `${SCHEMAS}ApiError` } }),
    ],
  }
}

/** Answers may say more one day, so what is described here is what is there at least. */
export function answerOf(schema: unknown): Schema {
  return mapObjects(schema, ({ additionalProperties, ...rest }) =>
    additionalProperties === undefined || additionalProperties === false
      ? rest
      : { ...rest, additionalProperties },
  ) as Schema // An object becomes an object.
}

/** The one shape of every error. */
export function errorSchema(error: Schema): Schema {
  const { properties, ...rest } = answerOf(error)
  const code = { type: 'string', enum: Object.keys(ERRORS), description: 'What went wrong.' }
  return { ...rest, properties: { ...properties, code } }
}

export function problemResponse(): Part {
  const lines = Object.entries(ERRORS).map(
    ([code, { status, message }]) => `- ${status} \`${code}\`: ${message}`,
  )
  return {
    description: `Something went wrong.\n\n${lines.join('\n')}`,
    content: {
      'application/json': {
        schema: {
          type: 'object',
          properties: { error: { $ref: `${SCHEMAS}ApiError` } },
          required: ['error'],
        },
      },
    },
  }
}
