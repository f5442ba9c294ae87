import { type Clock, SECOND } from '../domain/clock.ts'
import { type Checks, createChecks } from './checks.ts'
import { type Client, createClients } from './clients.ts'
import { createOngoingList } from './ongoing.ts'
import type { PullView } from './pull.ts'
import { createPulls } from './pulls.ts'
import { createRates, type Rates } from './rates.ts'
import { createRequests, type Requests } from './requests.ts'
import type { Ongoing, Running } from './running.ts'
import { keptText } from './text.ts'

/** What happens now and happened lately, in bounded memory. It runs no timers: whoever wants to know looks. */
export interface Activity {
  /** A request came in. What comes back is to be called when it is answered, with the milliseconds that took. */
  begin(running: Running): (ms: number) => void
  /** Pulls that go on and those of the last half minute, the youngest first; bytes per second for each. */
  pulls(): readonly { readonly view: PullView; readonly rate: number }[]
  /** Names of the blobs that are being sent or waited for, one for each request. */
  readers(): readonly string[]
  readonly requests: Pick<Requests, 'page'>
  /** Requests that came too fast to be remembered one by one. */
  readonly missed: number
  clients(): readonly Client[]
  readonly checks: Checks
  /** For other things that count up. */
  readonly rates: Rates
}

/** Of more requests than that in one second, the rest is only counted: nobody could read them, and pulls go first. */
export const MOST_PER_SECOND = 1000
/** Longer than a repository and a tag can be. */
const LONGEST_NAME = 400

export function createActivity(clock: Clock): Activity {
  const ongoing = createOngoingList()
  const rates = createRates(clock)
  const pulls = createPulls(clock)
  const requests = createRequests()
  const clients = createClients()
  const checks = createChecks(clock)
  let second = 0
  let taken = 0
  let missed = 0

  /** Whether there is time for a closer look at a request. */
  const mayTake = (at: number): boolean => {
    if (at - second >= SECOND || at < second) {
      second = at
      taken = 0
    }
    return ++taken <= MOST_PER_SECOND
  }
  const end = (one: Ongoing, ms: number): void => {
    ongoing.remove(one)
    const { running, startedAt } = one
    const userAgent = running.req.headers['user-agent'] ?? ''
    const client = clients.seen(running.client, userAgent, startedAt)
    const { check } = running.notes
    if (check !== undefined) checks.saw(check, { client: running.client, userAgent })
    const isTaken = mayTake(startedAt)
    if (!isTaken && one.place === undefined) {
      missed++
      return
    }
    const answered = toAnswered(one, client, ms)
    client.lastName = answered.name
    client.lastStatus = answered.status
    pulls.end(one)
    requests.add(answered)
  }
  return {
    begin: (running) => {
      const one = ongoing.add(running, clock())
      return (ms) => end(one, ms)
    },
    pulls: () => {
      for (const one of ongoing.list()) pulls.begin(one)
      return pulls.list().map(({ subject, view }) => {
        const rate = view.endedAt === undefined ? rates.of(subject, view.bytes, view.startedAt) : 0
        return { view, rate }
      })
    },
    readers: () =>
      ongoing
        .list()
        .flatMap(({ running: { line, notes } }) =>
          notes.kind === 'blob' && line.method === 'GET' && notes.name !== undefined ? [notes.name] : [],
        ),
    requests,
    get missed() {
      return missed
    },
    clients: () => clients.list(),
    checks,
    rates,
  }
}

function toAnswered({ running, startedAt }: Ongoing, client: Client, ms: number) {
  const { id, line, res, notes } = running
  const length = line.path.length + line.query.length
  return {
    id,
    at: startedAt,
    client: client.address,
    who: notes.who,
    // The same string for all requests of one client.
    userAgent: client.userAgent,
    method: line.method,
    name: keptText(notes.name ?? line.path, LONGEST_NAME, length),
    target: notes.target === undefined ? undefined : keptText(notes.target, LONGEST_NAME, length),
    upstream: notes.upstream,
    status: res.statusCode,
    outcome: notes.outcome,
    bytes: notes.bytes,
    ms: Math.round(ms * 10) / 10,
    error: notes.error?.code,
  }
}
