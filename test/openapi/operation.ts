import { TAKES } from '../../src/api/roles.ts'
import type { Api } from '../../src/api/routes.ts'
import { responsesOf } from './answers.ts'
import { inputOf } from './input.ts'
import { INPUTS } from './inputs.ts'
import type { Part, Schema } from './schema.ts'
import type { Types } from './types.ts'

/** One route as an operation of OpenAPI. */
export function operationOf(route: keyof Api, types: Types): Part {
  const [method = '', path = ''] = route.split(' ')
  const told = types.routes[route]
  if (told === undefined) throw new Error(`the contract lacks ${route}`)
  const input = inputOf(route, INPUTS[route], types)
  const role = TAKES[route]
  const least = role === 'anyone' ? 'Nobody has to be logged in.' : `Least role: ${role}.`
  return {
    operationId: idOf(method, path),
    tags: [path.split('/')[1] ?? ''],
    summary: (told.description ?? route).split(/(?<=\.) /, 1)[0],
    description: told.description === undefined ? least : `${told.description}\n\n${least}`,
    security: role === 'anyone' ? [{}, ...schemesFor()] : schemesFor(role),
    ...(method === 'GET' ? { parameters: parametersOf(input) } : bodyOf(input, told.body)),
    responses: responsesOf(told, types),
  }
}

/** "POST /evictions/free": "postEvictionsFree". */
function idOf(method: string, path: string): string {
  const words = path.split(/[^a-z]+/).filter((word) => word !== '')
  return method.toLowerCase() + words.map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`).join('')
}

/** For these schemes the names in the list are roles (OpenAPI 3.1, "Security Requirement Object"). */
function schemesFor(role?: string): readonly Part[] {
  const roles = role === undefined ? [] : [role]
  return [{ password: roles }, { token: roles }, { session: roles }, { secureSession: roles }]
}

function parametersOf({ properties = {}, required = [] }: Schema): readonly Part[] {
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema,
  }))
}

function bodyOf(input: Schema, file: string | undefined): Part {
  const parameters = [{ $ref: '#/components/parameters/Intent' }]
  if (file !== undefined) {
    const content = { [file]: { schema: { type: 'string', format: 'binary' } } }
    return { parameters: [...parametersOf(input), ...parameters], requestBody: { required: true, content } }
  }
  if (input.properties === undefined || Object.keys(input.properties).length === 0) return { parameters }
  const isNeeded = (input.required ?? []).length > 0
  return {
    parameters,
    requestBody: { required: isNeeded, content: { 'application/json': { schema: input } } },
  }
}
