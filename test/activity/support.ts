import { createActivity } from '../../src/activity/activity.ts'
import type { Running, RunningNotes } from '../../src/activity/running.ts'
import { SECOND } from '../../src/domain/clock.ts'
import { type FakeClock, fakeClock } from '../support/clock.ts'

export const DIGEST = (n: number) => `sha256:${String(n).padStart(64, '0')}`
export const REPO = 'docker.io/library/app'

type Writable = { -readonly [K in keyof RunningNotes]: RunningNotes[K] }

/** What a request is about; by default the first client's GET of the tag. */
export interface Asked {
  readonly client?: string
  readonly agent?: string
  readonly method?: string
  /** "1.0" is a tag, a number a blob, a digest a manifest. */
  readonly ref?: string | number
  readonly repository?: string
  readonly query?: string
}

/** A request whose notes the test fills, as the pipeline would. */
export interface Staged {
  readonly notes: Writable
  readonly res: { statusCode: number }
  end(ms?: number): void
}

export function stage(clock: FakeClock = fakeClock()) {
  const activity = createActivity(clock)
  let count = 0
  const begin = (asked: Asked = {}): Staged => {
    const { client = '10.0.0.7', agent = 'docker/29.1.3', method = 'GET', ref = '1.0' } = asked
    const { repository = REPO, query = '' } = asked
    const isBlob = typeof ref === 'number'
    const text = isBlob ? DIGEST(ref) : ref
    const notes: Writable = {
      bytes: 0,
      name: `${repository}${text.includes(':') ? '@' : ':'}${text}`,
      upstream: 'docker.io',
      kind: isBlob ? 'blob' : 'manifest',
    }
    const res = { statusCode: 200 }
    const running: Running = {
      id: `r${count++}`,
      client,
      line: { method, path: `/v2/x/${text}`, query },
      req: { headers: { 'user-agent': agent } },
      res,
      notes,
    }
    const ended = activity.begin(running)
    return { notes, res, end: (ms = 1) => ended(ms) }
  }
  /** A whole answer, at once. */
  const answer = (asked: Asked, facts: Partial<Writable> = {}): void => {
    const one = begin(asked)
    Object.assign(one.notes, { outcome: 'hit', ...facts })
    one.end()
  }
  return { activity, clock, begin, answer, later: (s: number) => clock.advance(s * SECOND) }
}
