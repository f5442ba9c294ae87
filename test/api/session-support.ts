import assert from 'node:assert/strict'
import type { Session } from '../../src/api/contract-session.ts'
import { jsonOf } from '../frontends/support.ts'
import type { Cachalot } from '../support/cachalot.ts'
import type { Fetched } from '../support/http.ts'

export { jsonOf }

export interface Call {
  readonly method?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Asks the API over the network, with a body as JSON. */
export function api(cache: Cachalot, path: string, { method = 'GET', body, headers = {} }: Call = {}) {
  const text = body === undefined ? '' : JSON.stringify(body)
  // Of itself Node says no length for DELETE.
  const own = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
  return cache.fetch(`/api/v1${path}`, {
    method,
    headers: { ...(body === undefined ? {} : own), ...headers },
    body: text,
    lint: false,
  })
}

export const sessionOf = (answer: Fetched): Session => jsonOf<Session>(answer)

export function codeOf(answer: Fetched): string {
  return answer.status < 400 ? 'ok' : jsonOf<{ error: { code: string } }>(answer).error.code
}

/** The one Set-Cookie header of an answer, taken apart. */
export function cookieIn(answer: Fetched): { readonly pair: string; readonly attributes: readonly string[] } {
  const [header, ...more] = answer.headers['set-cookie'] ?? []
  assert.deepEqual(more, [])
  const [pair = '', ...attributes] = (header ?? assert.fail('no cookie was set')).split('; ')
  return { pair, attributes }
}

export function post(cache: Cachalot, user: string, password: string, headers: Call['headers'] = {}) {
  return api(cache, '/session', { method: 'POST', body: { user, password }, headers })
}

/** Logs in; returns what the console would send from then on. */
export async function logIn(
  cache: Cachalot,
  user: string,
  password: string,
  headers: Call['headers'] = {},
): Promise<{ readonly cookie: string; readonly 'x-csrf': string }> {
  const answer = await post(cache, user, password, headers)
  assert.equal(answer.status, 200, answer.body.toString())
  return { cookie: cookieIn(answer).pair, 'x-csrf': '1' }
}
