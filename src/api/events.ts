import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import type { Access } from '../domain/access.ts'
import { SECOND } from '../domain/clock.ts'
import { AppError, toAppError } from '../domain/errors.ts'
import type { Log } from '../domain/log.ts'
import { principalName } from '../domain/principal.ts'
import { askAgain } from './again.ts'
import { queryOf } from './answer.ts'
import type { Events } from './contract-activity.ts'
import { createEventStream, type EventStream } from './event-stream.ts'
import { visitorOf } from './visitor.ts'

type Topic = Exclude<keyof Events, 'ping'>

export interface EventsDeps {
  readonly topics: { readonly [T in Topic]: (access: Access) => Events[T] | Promise<Events[T]> }
  readonly log: Log
  readonly pace?: Pace
}

/** Milliseconds. */
interface Pace {
  /** Between two looks. */
  readonly tick: number
  readonly ping: number
  /** How long what is sent may outlast the right to see it. */
  readonly trust: number
}

const PACE: Pace = { tick: SECOND, ping: 15 * SECOND, trust: 5 * SECOND }
const MOST = 100
const MOST_OF_ONE = 8
const TOPICS: readonly Topic[] = ['live', 'overview', 'jobs']

export const eventsAsk = z.strictObject({
  topics: z
    .string()
    .max(100)
    .default('live,overview')
    .transform((text) => new Set(text.split(',')))
    .refine((names) => [...names].every((name) => TOPICS.some((topic) => topic === name)), {
      error: `topics are ${TOPICS.join(', ')}`,
    }),
})

/** Somebody who listens. */
interface Listener {
  readonly ctx: Context
  readonly who: string
  readonly topics: readonly Topic[]
  readonly stream: EventStream
  access: Access
  pingedAt: number
  trustedAt: number
}

/** Streams of events. There is one timer for all of them, and none while nobody listens. */
export function createEvents({ topics, log, pace = PACE }: EventsDeps) {
  const listeners = new Set<Listener>()
  let timer: NodeJS.Timeout | undefined
  let isClosed = false
  let isLooking = false

  const tell = async (listener: Listener, now: number): Promise<void> => {
    if (now - listener.trustedAt >= pace.trust) {
      listener.trustedAt = now
      if (!(await isStillWelcome(listener))) return listener.stream.end()
    }
    if (now - listener.pingedAt >= pace.ping) {
      listener.pingedAt = now
      listener.stream.ping()
    }
    for (const topic of listener.topics) listener.stream.send(topic, await topics[topic](listener.access))
  }
  const look = async (): Promise<void> => {
    if (isLooking) return
    isLooking = true
    for (const listener of listeners) {
      await tell(listener, performance.now()).catch((error: unknown) => {
        log.error({ event: 'api', path: '/events', err: error }, 'an event could not be told')
        listener.stream.end()
      })
    }
    isLooking = false
  }
  const leave = (listener: Listener): void => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
  const enter = (ctx: Context, asked: ReadonlySet<string>): void => {
    const { access } = visitorOf(ctx)
    const who = principalName(access.principal)
    checkRoom(who)
    const now = performance.now()
    const stream = createEventStream(ctx.res)
    const wanted = TOPICS.filter((topic) => asked.has(topic))
    const listener: Listener = { ctx, who, access, stream, topics: wanted, pingedAt: now, trustedAt: now }
    listeners.add(listener)
    ctx.res.once('close', () => leave(listener))
    timer ??= setInterval(() => void look(), pace.tick).unref()
    void look()
  }
  const checkRoom = (who: string): void => {
    if (isClosed) throw new AppError('shutting_down')
    const own = [...listeners].filter((listener) => listener.who === who).length
    if (own < MOST_OF_ONE && listeners.size < MOST) return
    throw new AppError('too_many_requests', {
      message: 'too many streams of events are open',
      retryAfter: 10,
    })
  }

  return {
    routes: (router: Router): void => {
      router.get('/events', (ctx) => {
        const { topics: asked } = queryOf(ctx, eventsAsk)
        if (ctx.method === 'HEAD') {
          ctx.status = 200
          return
        }
        enter(ctx, asked)
        ctx.respond = false
      })
    },
    close: (): void => {
      isClosed = true
      for (const { stream } of listeners) stream.end()
    },
    /** Streams that are open, and whether anything ticks. */
    state: () => ({ listeners: listeners.size, ticks: timer !== undefined }),
  }
}

/** Rules may have changed meanwhile; another person or role begins anew. */
async function isStillWelcome(listener: Listener): Promise<boolean> {
  const before = JSON.stringify(listener.access.principal)
  try {
    const { access } = await askAgain(listener.ctx)
    listener.access = access
    return JSON.stringify(access.principal) === before
  } catch (error) {
    // Whoever asks too much may still know what they know.
    return toAppError(error).code === 'too_many_requests'
  }
}
