import { createHash } from 'node:crypto'
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest, Agent as SecureAgent } from 'node:https'
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
  readonly headers?: Readonly<Record<string, string>>
  /** Address of the loopback network that it comes from. */
  readonly from?: string
}

/** One request as a registry client sends it, its body read and hashed. */
export function ask(url: string, question: Question = {}): Promise<Answer> {
  const { method = 'GET', within = 60_000, headers = {}, from } = question
  const isSecure = url.startsWith('https:')
  const send = isSecure ? httpsRequest : httpRequest
  // Certificates of the subjects are our own.
  const agent = question.agent ?? (isSecure ? new SecureAgent({ rejectUnauthorized: false }) : new Agent())
  const options = { method, headers: { Accept: MANIFEST_TYPES, ...headers }, agent, timeout: within }
  const asked = performance.now()
  return new Promise((resolve, reject) => {
    const address = from === undefined ? {} : { localAddress: from }
    const request = send(url, { ...options, ...address }, (response) => {
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
