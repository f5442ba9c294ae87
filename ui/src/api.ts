import type { ApiError } from '../../src/api/contract.ts'
import type { Progress } from '../../src/api/contract-work.ts'
import type { Api } from '../../src/api/routes.ts'
import type { Params } from '../../src/domain/saying.ts'
import { isAttended } from './attended.ts'
import { loadServerWords } from './words/words.ts'

type Route = keyof Api
type In<R extends Route> = Api[R]['in']
type Out<R extends Route> = Api[R] extends { out: infer T } ? T : never
type Result<R extends Route> = Api[R] extends { stream: infer T } ? T : never

/** What went wrong, in the server's words where it said any. */
export class Failure extends Error implements ApiError {
  override readonly name = 'Failure'
  /** 0: no answer came. */
  readonly status: number
  readonly code: string
  readonly hint: string
  declare readonly reason?: string
  declare readonly params?: Params
  declare readonly said?: string
  readonly requestId: string | undefined

  constructor(status: number, { code, message, hint, ...parts }: ApiError, requestId?: string) {
    super(message)
    Object.assign(this, parts)
    this.status = status
    this.code = code
    this.hint = hint
    this.requestId = requestId
  }
}

/** Hears of every answer that says that nobody is logged in any more. */
export const onUnauthorized: { call: () => void } = { call: () => undefined }

/** Asks the server. Rejects with Failure, or with AbortError. */
export async function ask<R extends Route>(route: R, input: In<R>, signal?: AbortSignal): Promise<Out<R>> {
  const response = await send(route, input, signal)
  // What the route answers is said by the contract, which the server was checked against.
  return (await bodyOf(response)) as Out<R>
}

/** Long work: every line it says, the last of which is its result. */
export async function* follow<R extends Route>(
  route: R,
  input: In<R>,
  signal?: AbortSignal,
): AsyncGenerator<Exclude<Progress<Result<R>>, { type: 'error' }>> {
  const response = await send(route, input, signal)
  if (!response.ok || response.body === null) throw await failureOf(response)
  let rest = ''
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line.trim() === '') continue
      const said = JSON.parse(line) as Progress<Result<R>> // As above.
      if (said.type === 'error') {
        await loadServerWords()
        throw new Failure(response.status, said.error)
      }
      yield said
    }
  }
}

async function send(route: Route, input: object, signal?: AbortSignal): Promise<Response> {
  const [method = 'GET', path = ''] = route.split(' ')
  const isRead = method === 'GET'
  try {
    return await fetch(`/api/v1${path}${isRead ? queryOf(input) : ''}`, {
      method,
      credentials: 'same-origin',
      headers: isRead ? unattended() : { 'content-type': 'application/json', 'x-csrf': '1' },
      ...(isRead ? {} : { body: JSON.stringify(input) }),
      ...(signal === undefined ? {} : { signal }),
    })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new Failure(0, { code: 'offline', message: '', hint: '' })
  }
}

function unattended(): Record<string, string> {
  return isAttended() ? {} : { 'x-unattended': '1' }
}

async function bodyOf(response: Response): Promise<unknown> {
  if (!response.ok) throw await failureOf(response)
  return await response.json()
}

async function failureOf(response: Response): Promise<Failure> {
  if (response.status === 401) onUnauthorized.call()
  await loadServerWords()
  const id = response.headers.get('x-request-id') ?? undefined
  const text = await response.text()
  try {
    // Checked below.
    const { error } = JSON.parse(text) as { error?: ApiError }
    if (typeof error?.code === 'string') return new Failure(response.status, error, id)
  } catch {
    // No JSON: then the status has to do.
  }
  return new Failure(response.status, { code: 'unknown', message: `HTTP ${response.status}`, hint: '' }, id)
}

/** "?name=a&name=b": fields without a value are left out, lists are repeated. */
export function queryOf(input: object): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(input))
    for (const one of [value].flat()) if (one !== undefined) query.append(name, String(one))
  return query.size === 0 ? '' : `?${query.toString()}`
}
