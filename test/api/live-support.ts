import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Events } from '../../src/api/contract-activity.ts'
import { socketAddress } from '../../src/api/socket.ts'
import type { Cachalot } from '../support/cachalot.ts'

/** GET of the API, by whoever these headers are, without any by this machine; the answer has to be `status`. */
export async function get<T>(
  cache: Pick<Cachalot, 'port' | 'dataDir'>,
  path: string,
  headers: Record<string, string> = {},
  status = 200,
): Promise<T> {
  const isLocal = Object.keys(headers).length === 0
  const where = isLocal ? { socketPath: socketAddress(cache.dataDir).path } : { port: cache.port }
  const asked = request({ ...where, host: '127.0.0.1', path: `/api/v1${path}`, headers, agent: false })
  asked.end()
  const [res] = (await once(asked, 'response')) as [IncomingMessage] // what `response` brings
  const body = await text(res)
  assert.equal(res.statusCode, status, `${path}: ${body}`)
  return JSON.parse(body)
}

export interface Heard {
  readonly event: string
  readonly data: unknown
}

/** An open stream of events. */
export interface Ear {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  /** The next event that fits, from the beginning on; what it passes by is gone. */
  next<T extends keyof Events>(event: T, fits?: (data: Events[T]) => boolean): Promise<Events[T]>
  /** All that came so far. */
  readonly heard: readonly Heard[]
  /** Settles when the server ended it. */
  readonly ended: Promise<void>
  leave(): void
}

/** Listens to the events of a server. */
export async function listen(
  where: { readonly port: number } | { readonly socketPath: string },
  path: string,
  headers: Record<string, string> = {},
): Promise<Ear> {
  const asked: ClientRequest = request({
    ...where,
    host: '127.0.0.1',
    path: `/api/v1${path}`,
    headers,
    agent: false,
  })
  asked.end()
  const [res] = (await once(asked, 'response')) as [IncomingMessage] // what `response` brings
  const heard: Heard[] = []
  const waiting = new Set<() => void>()
  const ended = Promise.withResolvers<void>()
  let rest = ''
  let at = 0
  res.setEncoding('utf8')
  res.on('data', (chunk: string) => {
    const blocks = (rest + chunk).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const event = /^event: (.*)$/m.exec(block)?.[1]
      const data = /^data: (.*)$/m.exec(block)?.[1]
      if (event !== undefined && data !== undefined) heard.push({ event, data: JSON.parse(data) })
    }
    for (const wake of waiting) wake()
  })
  res.on('error', () => undefined)
  res.on('close', () => {
    ended.resolve()
    for (const wake of waiting) wake()
  })
  const wait = async (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    waiting.add(resolve)
    const late = setTimeout(resolve, 15_000)
    await promise
    clearTimeout(late)
    waiting.delete(resolve)
  }
  return {
    status: res.statusCode ?? 0,
    headers: res.headers,
    heard,
    ended: ended.promise,
    leave: () => asked.destroy(),
    next: async (event, fits = () => true) => {
      for (;;) {
        const found = heard[at++]
        // The contract says what an event carries.
        if (found?.event === event && fits(found.data as never)) return found.data as never
        if (found !== undefined) continue
        at--
        if (res.closed) assert.fail(`the stream ended before ${event}`)
        const before = heard.length
        await wait()
        assert.ok(heard.length > before || res.closed, `${event} did not come`)
      }
    },
  }
}
