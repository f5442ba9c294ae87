import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Cleanup } from '../support/temp.ts'

/** One request as it reached the server, and what was answered. */
export interface Seen {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly agent: string
  readonly authorization: string | undefined
  /** 200 while there is no answer yet. */
  readonly status: number
  /** What the answer asks for: "Basic realm=…". */
  readonly challenge: string | undefined
}

export interface Witness {
  /** Everything from the n-th request on, 0. */
  seen(from?: number): Seen[]
  readonly count: number
}

/** What Node's HTTP server says of each request (Node.js documentation, "Diagnostics Channel"). */
interface Started {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly socket: Socket
}

const CHANNEL = 'http.server.request.start'

/** Watches a server of this process, by its port, without standing between it and its clients. */
export function watchServer(t: Cleanup, port: number): Witness {
  const started: Started[] = []
  const note = (message: unknown): void => {
    // The channel has no types of its own.
    const one = message as Started
    if (one.socket.localPort === port) started.push(one)
  }
  subscribe(CHANNEL, note)
  t.after(() => void unsubscribe(CHANNEL, note))
  return {
    seen: (from = 0) => started.slice(from).map(look),
    get count() {
      return started.length
    },
  }
}

function look({ request, response }: Started): Seen {
  const challenge = response.getHeader('www-authenticate')
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    agent: request.headers['user-agent'] ?? '',
    authorization: request.headers.authorization,
    status: response.statusCode,
    challenge: challenge === undefined ? undefined : String(challenge),
  }
}
