import type { Asking, AskingEnd } from '../domain/asking.ts'
import type { ErrorCode } from '../domain/errors.ts'

/** Characters of what a client calls itself: it chooses how many there are. */
const MOST_AGENT = 256

/** A request that is being answered, as far as a trace tells of it. `notes` and the status fill as it goes. */
export interface Request {
  readonly id: string
  readonly client: string
  readonly line: { readonly method: string }
  readonly req: { readonly headers: Readonly<Record<string, string | string[] | undefined>> }
  readonly res: { readonly statusCode: number }
  readonly notes: {
    readonly name?: string
    readonly upstream?: string
    readonly kind?: string
    readonly outcome?: string
    readonly error?: { readonly code: ErrorCode; readonly facts: { readonly level: string } }
    readonly bytes: number
  }
}

/** What is written on a span when it ends. */
export interface Ended {
  /** "GET blob", "GET docker.io": there are few of them, as spans are grouped by name. */
  readonly name: string
  readonly attributes: Readonly<Record<string, string | number | undefined>>
  /** In words, where it is an error. */
  readonly failed?: string
}

/**
 * HTTP server spans of OpenTelemetry's semantic conventions, and our own words below "cachalot.". A path may hold a pull
 * key: it is left out.
 */
export function answerOf({ id, client, line, req, res, notes }: Request): Ended {
  const { error } = notes
  return {
    name: `${line.method} ${notes.kind ?? 'request'}`,
    attributes: {
      'http.request.method': line.method,
      'http.response.status_code': res.statusCode,
      'client.address': client,
      'user_agent.original': textOf(req.headers['user-agent'])?.slice(0, MOST_AGENT),
      'error.type': error?.code,
      'cachalot.request': id,
      'cachalot.name': notes.name,
      'cachalot.kind': notes.kind,
      'cachalot.upstream': notes.upstream,
      'cachalot.outcome': notes.outcome,
      'cachalot.bytes': notes.bytes,
    },
    // What clients did wrong is no failure of a server (semantic conventions, HTTP spans, "Status").
    ...(error !== undefined && res.statusCode >= 500 ? { failed: error.code } : {}),
  }
}

/** HTTP client spans: until the headers are there. */
export function endOf({ upstream, method, host, path }: Asking, end: AskingEnd): Ended {
  const [name, port] = hostAndPort(host)
  const failed = 'error' in end ? (end.error instanceof Error ? end.error.name : 'error') : undefined
  const status = 'status' in end ? end.status : undefined
  const isBad = status !== undefined && status >= 400 && status !== 401
  return {
    name: `${method} ${upstream}`,
    attributes: {
      'http.request.method': method,
      'http.response.status_code': status,
      'server.address': name,
      'server.port': port,
      'url.path': path,
      'error.type': failed ?? (isBad ? String(status) : undefined),
      'cachalot.upstream': upstream,
    },
    ...(failed !== undefined || isBad ? { failed: failed ?? String(status) } : {}),
  }
}

function hostAndPort(host: string): [string, number | undefined] {
  const port = /:(\d+)$/.exec(host)?.[1]
  return port === undefined ? [host, undefined] : [host.slice(0, -port.length - 1), Number(port)]
}

function textOf(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.join()
}
