import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from '../ask.ts'

/** Requests a second: what a busy team asks for, and far below what fills the machine. */
const RATE = 200
const CONNECTIONS = 16

export interface Pacer {
  /** Ends, and gives the milliseconds that each request waited for its first byte, in order of size. */
  stop(): Promise<Float64Array>
}

export interface Pace {
  /** Requests a second; default 200. */
  readonly rate?: number
  /** Of the request with this number. */
  headers?(sent: number): Readonly<Record<string, string>>
  /** Address of the loopback network they come from. */
  readonly from?: string
  /** Statuses that are right; default 200. */
  readonly expected?: readonly number[]
}

/** Asks for `url` at a steady pace, whether earlier answers have come or not. `stop` rejects when one was not right. */
export function startPace(url: string, { rate = RATE, headers, from, expected = [200] }: Pace = {}): Pacer {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const times: number[] = []
  const under = new Set<Promise<void>>()
  let failure: unknown
  let going = true

  const one = async (sent: number): Promise<void> => {
    try {
      const question = { agent, headers: headers?.(sent) ?? {}, ...(from === undefined ? {} : { from }) }
      const { status, firstByteMs } = await ask(url, question)
      if (!expected.includes(status)) throw new Error(`${url} answered ${status}`)
      times.push(firstByteMs)
    } catch (error) {
      failure ??= error
    }
  }
  const pace = async (): Promise<void> => {
    const began = performance.now()
    for (let sent = 0; going; ) {
      const due = began + (sent * 1000) / rate
      const early = due - performance.now()
      if (early > 0) {
        await sleep(early)
        continue
      }
      const asked: Promise<void> = one(sent).finally(() => under.delete(asked))
      under.add(asked)
      sent++
    }
  }
  const pacing = pace()
  return {
    stop: async () => {
      going = false
      await pacing
      await Promise.all(under)
      agent.destroy()
      if (failure !== undefined) throw failure
      return Float64Array.from(times).sort()
    },
  }
}

export function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
