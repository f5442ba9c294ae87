import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { ApiError } from './contract.ts'
import type { Progress } from './contract-work.ts'
import type { Api } from './routes.ts'

type Method = 'GET' | 'PUT' | 'DELETE' | 'POST'
/** Paths of the routes of one method, with those that stream or those that do not. */
type PathOf<M extends Method, Shape> = {
  [Route in keyof Api]: Route extends `${M} ${infer Path}` ? (Api[Route] extends Shape ? Path : never) : never
}[keyof Api]
type Plain<M extends Method> = PathOf<M, { out: unknown }>
type Streamed = PathOf<'POST', { stream: unknown; body?: never }>
type Taking = PathOf<'POST', { stream: unknown; body: string }>
type Giving = PathOf<'GET', { file: string }>
type In<Route> = Route extends keyof Api ? Api[Route]['in'] : never
type Out<Route> = Route extends keyof Api ? (Api[Route] extends { out: infer T } ? T : never) : never
type Result<Route> = Route extends keyof Api ? (Api[Route] extends { stream: infer T } ? T : never) : never

/** An answer that is an error, in the words of the server; `status` 0 where no whole answer came. */
export class ApiFailure extends Error implements ApiError {
  override readonly name = 'ApiFailure'
  readonly status: number
  readonly code: string
  readonly hint: string

  constructor(status: number, { code, message, hint }: ApiError) {
    super(message)
    this.status = status
    this.code = code
    this.hint = hint
  }
}

export interface AskOptions {
  /** Ends the request; long work stops after its current object. */
  readonly signal?: AbortSignal
}

/** The management API. Everything rejects with ApiFailure, or with AbortError. */
export interface ApiClient {
  get<P extends Plain<'GET'>>(path: P, input: In<`GET ${P}`>, options?: AskOptions): Promise<Out<`GET ${P}`>>
  put<P extends Plain<'PUT'>>(path: P, input: In<`PUT ${P}`>, options?: AskOptions): Promise<Out<`PUT ${P}`>>
  del<P extends Plain<'DELETE'>>(
    path: P,
    input: In<`DELETE ${P}`>,
    options?: AskOptions,
  ): Promise<Out<`DELETE ${P}`>>
  post<P extends Plain<'POST'>>(
    path: P,
    input: In<`POST ${P}`>,
    options?: AskOptions,
  ): Promise<Out<`POST ${P}`>>
  /** What long work says, as it says it. Ends after the result; an error is thrown. */
  stream<P extends Streamed>(
    path: P,
    input: In<`POST ${P}`>,
    options?: AskOptions,
  ): AsyncIterable<Exclude<Progress<Result<`POST ${P}`>>, { type: 'error' }>>
  /** An answer that is a file. To be read to its end or destroyed; where it is cut, reading it fails. */
  open<P extends Giving>(path: P, input: In<`GET ${P}`>, options?: OpenOptions): Promise<IncomingMessage>
  /** As `stream`, where the body of the question is a file. */
  upload<P extends Taking>(
    path: P,
    input: In<`POST ${P}`>,
    file: UploadFile,
  ): AsyncIterable<Exclude<Progress<Result<`POST ${P}`>>, { type: 'error' }>>
}

export interface OpenOptions extends AskOptions {
  /** Lower case. */
  readonly headers?: Readonly<Record<string, string>>
}

export interface UploadFile extends AskOptions {
  readonly body: Readable
  /** Bytes of it, where they are known. */
  readonly size: number | undefined
}

interface Ask {
  readonly method: Method
  readonly path: string
  readonly input: object
  readonly options: OpenOptions | undefined
}

/** A client of the API behind a socket; a connection per question, so nothing is left open. */
export function connectApi(socketPath: string): ApiClient {
  // The answer's shape is what contract.ts says of the route: both ends are of one version of this program.
  const ask = async (one: Ask): Promise<never> => (await json(await send(socketPath, one))) as never
  return {
    get: (path, input, options) => ask({ method: 'GET', path, input, options }),
    put: (path, input, options) => ask({ method: 'PUT', path, input, options }),
    del: (path, input, options) => ask({ method: 'DELETE', path, input, options }),
    post: (path, input, options) => ask({ method: 'POST', path, input, options }),
    stream: async function* (path, input, options) {
      const response = await send(socketPath, { method: 'POST', path, input, options })
      if (response.statusCode !== 200) throw await failureOf(response)
      yield* progressOf(response)
    },
    open: async (path, input, options) => {
      const response = await send(socketPath, { method: 'GET', path, input, options })
      const { statusCode = 0 } = response
      if (statusCode < 200 || statusCode > 299) throw await failureOf(response)
      return response
    },
    upload: async function* (path, input, file) {
      const response = await sendFile(socketPath, `/api/v1${path}${queryOf(input)}`, file)
      try {
        if (response.statusCode !== 200) throw await failureOf(response)
        yield* progressOf(response)
      } finally {
        // What is wrong may be known before all of it was sent.
        file.body.destroy()
        response.destroy()
      }
    },
  }
}

async function sendFile(socketPath: string, path: string, { body, size, signal }: UploadFile) {
  const headers: Record<string, string> = {
    accept: 'application/json',
    host: 'localhost',
    'content-type': 'application/x-tar',
    // Else the other side would hang up with its last word, before it was heard.
    connection: 'keep-alive',
    ...(size === undefined ? {} : { 'content-length': String(size) }),
  }
  const end = signal === undefined ? {} : { signal }
  const asked = request({ socketPath, method: 'POST', path, agent: false, headers, ...end })
  body.once('error', (error) => asked.destroy(error))
  body.pipe(asked)
  return await answerOf(asked)
}

async function send(socketPath: string, { method, path, input, options }: Ask): Promise<IncomingMessage> {
  const query = method === 'GET' ? queryOf(input) : ''
  const body = method === 'GET' ? '' : JSON.stringify(input)
  const asked = request({
    socketPath,
    method,
    path: `/api/v1${path}${query}`,
    agent: false,
    headers: {
      accept: 'application/json',
      host: 'localhost',
      ...options?.headers,
      ...(body === ''
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    },
    ...(options?.signal === undefined ? {} : { signal: options.signal }),
  })
  asked.end(body)
  return await answerOf(asked)
}

async function answerOf(asked: ClientRequest): Promise<IncomingMessage> {
  const [response] = await once(asked, 'response').catch((error: unknown) => {
    throw isAbort(error) ? error : CUT()
  })
  // Later errors reach whoever reads the answer; without a listener here they would end the process.
  asked.on('error', () => undefined)
  // once() gives the arguments of the event.
  return response as IncomingMessage
}

function queryOf(input: object): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(input))
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined) query.append(name, String(one))
  return query.size === 0 ? '' : `?${query.toString()}`
}

async function json(response: IncomingMessage): Promise<unknown> {
  const status = response.statusCode ?? 0
  if (status < 200 || status > 299) throw await failureOf(response)
  return parsed(await bodyOf(response))
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  try {
    return await text(response)
  } catch (error) {
    if (isAbort(error)) throw error
    throw CUT()
  }
}

async function failureOf(response: IncomingMessage): Promise<ApiFailure> {
  const status = response.statusCode ?? 0
  const error = errorIn(parseJson(await bodyOf(response)))
  return new ApiFailure(
    status,
    error ?? { code: 'internal', message: `the server answered ${status}`, hint: 'see its log' },
  )
}

/** Lines of JSON until one that is the last. */
async function* progressOf<T>(
  response: IncomingMessage,
): AsyncGenerator<Exclude<Progress<T>, { type: 'error' }>> {
  for await (const line of linesOf(response)) {
    // As above: the shape is the route's.
    const said = parsed(line) as Progress<T>
    if (said.type === 'error') throw new ApiFailure(response.statusCode ?? 0, said.error)
    yield said
    if (said.type === 'result') return
  }
  throw CUT()
}

async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  let rest = ''
  response.setEncoding('utf8')
  try {
    for await (const chunk of response as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      yield* lines.filter((line) => line.trim() !== '')
    }
  } catch (error) {
    if (isAbort(error)) throw error
    throw CUT()
  }
  if (rest.trim() !== '') yield rest
}

function parsed(text: string): unknown {
  const value = parseJson(text)
  if (value !== undefined) return value
  throw new ApiFailure(0, {
    code: 'internal',
    message: 'the answer is no JSON',
    hint: 'is it the same version?',
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function errorIn(value: unknown): ApiError | undefined {
  const error = (value as { error?: Partial<ApiError> } | undefined)?.error
  if (typeof error?.message !== 'string') return undefined
  return { code: error.code ?? 'internal', message: error.message, hint: error.hint ?? '' }
}

const CUT = (): ApiFailure =>
  new ApiFailure(0, {
    code: 'cut',
    message: 'the server went away before it was done',
    hint: 'run it again',
  })

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}
