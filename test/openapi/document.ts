import { TAKES } from '../../src/api/roles.ts'
import type { Api } from '../../src/api/routes.ts'
import { answerOf, errorSchema, problemResponse } from './answers.ts'
import { operationOf } from './operation.ts'
import type { Part } from './schema.ts'
import { reachable, readTypes } from './types.ts'

const DESCRIPTION = `What the console and the commands use, for programs of your own.

- Sizes are bytes on disk unless they say otherwise, times are milliseconds since the epoch.
- What is not known is left out. Answers may get further fields; a route keeps those it has.
- Every error has one shape, with a code that stays the same and words that need not.
- Rules of the configuration hold here as they do for pulls: nobody is told of what they may not pull.
- For the user who runs the server everything is allowed on the socket \`cachalot.sock\` in the data folder.`

const SECURITY = {
  password: { type: 'http', scheme: 'basic', description: 'Name and password of a user.' },
  token: { type: 'http', scheme: 'bearer', description: 'A token of a user (PUT /tokens).' },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: 'cachalot_session',
    description: 'What POST /session sets where the server is reached by plain http.',
  },
  secureSession: {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-cachalot_session',
    description: 'What POST /session sets where the server is reached by https.',
  },
}

const PARAMETERS = {
  Intent: {
    name: 'X-CSRF',
    in: 'header',
    required: false,
    description: 'Needed with a session: browsers send a cookie also when their user never meant it.',
    schema: { type: 'string', const: '1' },
  },
}

/** The description of the whole API (OpenAPI 3.1), from contract, schemas, roles and error catalogue. */
export function createDocument(): Part {
  const types = readTypes()
  // The table of roles has a line for every route, or the compiler complains.
  const routes = Object.keys(TAKES) as (keyof Api)[]
  const paths: Record<string, Record<string, Part>> = {}
  for (const route of routes) {
    const [method = '', path = ''] = route.split(' ')
    paths[path] = { ...paths[path], [method.toLowerCase()]: operationOf(route, types) }
  }
  const named = { ...types.named, ApiError: errorSchema(types.named['ApiError'] ?? {}) }
  const responses = { Problem: problemResponse() }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Cachalot',
      version: '1',
      description: DESCRIPTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/api/v1' }],
    paths,
    components: {
      securitySchemes: SECURITY,
      parameters: PARAMETERS,
      responses,
      schemas: answerOf(reachable([paths, responses], named)),
    },
  }
}
