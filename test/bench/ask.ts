import { createHash } from 'node:crypto'
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { MANIFEST_TYPES } from './wrk.ts'

export interface Answer {
  readonly status: number
  /** Milliseconds from before the connect to the first byte of the head. */
  readonly firstByteMs: number
  /** Of the body, `sha256:…`. */
  readonly digest: string
}

export interface Question {
  readonly method?: 'GET' | 'HEAD'
  /** Default: a connection of its own. */
  readonly agent?: Agent
  /** Milliseconds until it is given up. */
  readonly within?: number
}

/** One request as a registry client sends it, its body read and hashed. */
export function ask(url: string, { method = 'GET', agent, within = 60_000 }: Question = {}): Promise<Answer> {
  const asked = performance.now()
  return new Promise((resolve, reject) => {
    const headers = { Accept: MANIFEST_TYPES }
    const connection = agent ?? new Agent()
    const request = httpRequest(url, { method, headers, agent: connection, timeout: within }, (response) => {
      const firstByteMs = performance.now() - asked
      digestOf(response).then(
        (digest) => resolve({ status: response.statusCode ?? 0, firstByteMs, digest }),
        reject,
      )
    })
    request.once('timeout', () => request.destroy(new Error(`${url}: no answer in ${within} ms`)))
    request.once('error', reject)
    request.end()
  })
}

async function digestOf(response: IncomingMessage): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of response as AsyncIterable<Buffer>) hash.update(chunk)
  return `sha256:${hash.digest('hex')}`
}
