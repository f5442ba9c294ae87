import type { ServerResponse } from 'node:http'
import { KIB } from '../domain/units.ts'

/** Server-sent events (WHATWG HTML, "Server-sent events") on one answer. */
export interface EventStream {
  /** Says a whole topic, unless it is as it was said last. A client that is slow to read misses some. */
  send(topic: string, value: object): void
  ping(): void
  end(): void
}

/** Bytes that may wait for a client. */
const MOST_WAITING = 512 * KIB
/** What a client may miss in a row before it counts as gone. */
const MOST_MISSED = 60
/** Milliseconds after which a browser comes back. */
const RETRY = 3000

export function createEventStream(res: ServerResponse): EventStream {
  const said = new Map<string, string>()
  let count = 0
  let missed = 0
  res.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    // nginx would else hold events back until it has a page of them.
    'x-accel-buffering': 'no',
  })
  res.write(`retry: ${RETRY}\n\n`)

  const mayWrite = (): boolean => {
    if (res.destroyed || res.writableEnded) return false
    if (res.writableLength <= MOST_WAITING) {
      missed = 0
      return true
    }
    if (++missed > MOST_MISSED) res.destroy()
    return false
  }
  return {
    send: (topic, value) => {
      const text = JSON.stringify(value)
      if (said.get(topic) === text || !mayWrite()) return
      said.set(topic, text)
      res.write(`id: ${count++}\nevent: ${topic}\ndata: ${text}\n\n`)
    },
    ping: () => {
      if (mayWrite()) res.write('event: ping\ndata: {}\n\n')
    },
    end: () => {
      // Whoever does not read would hold the connection.
      if (missed > 0) res.destroy()
      else res.end()
    },
  }
}
