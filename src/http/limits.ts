import { networkOf } from '../auth/network.ts'
import { type Clock, SECOND } from '../domain/clock.ts'
import { AppError } from '../domain/errors.ts'
import { because } from '../domain/reasons.ts'
import { type Charge, COSTS } from './charge.ts'
import { contains, toBlockList } from './client-address.ts'
import { createDebts } from './debts.ts'
import { createGenerations } from './generations.ts'

export interface LimitSettings {
  /** Plain requests that a client may send at once, and again in every `perMs`; undefined: any number. */
  readonly requests: { readonly count: number; readonly perMs: number } | undefined
  /** CIDRs that are never limited. */
  readonly allow: readonly string[]
  /** CIDRs that are refused, whatever `allow` says. */
  readonly deny: readonly string[]
}

/** How much a client may ask; a client is an IPv4 address, or a /64 of IPv6. */
export interface Limits {
  /**
   * Lets a request of this client in and takes what a request can cost, until it is settled. Throws AppError
   * `denied`, or `too_many_requests` with a `retryAfter` after which one more request comes in.
   */
  enter(address: string): Charge
  /** Takes other settings into use; what clients owe stays. */
  update(settings: LimitSettings): void
}

/** Of those who may ask: the network that owes, or undefined for who is never limited. */
type Standing =
  | { readonly kind: 'refused' }
  | { readonly kind: 'free' }
  | { readonly kind: 'limited'; readonly network: string }

/** Costs as time: a client owes milliseconds, which pass by themselves. */
interface Rate {
  /** Milliseconds that a plain request takes to come back. */
  readonly unit: number
  /** What is taken until it is known what a request costs; never more than there is room for at all. */
  readonly advance: number
  /** Who owes more than that has to wait. */
  readonly room: number
  /** Nobody owes more, so nobody waits longer than it takes to refill all of it. */
  readonly most: number
}

const FREE: Charge = { settle: () => undefined }
const ADDRESSES = 10_000

/** One bucket of tokens for each client; it is full as long as the client is unknown. */
export function createLimits(initial: LimitSettings, clock: Clock): Limits {
  const time = createSteadyTime(clock)
  const debts = createDebts()
  const standings = createGenerations<Standing>(ADDRESSES)
  let judge = createJudge(initial)
  let rate = rateOf(initial.requests)

  const standingOf = (address: string): Standing => {
    const known = standings.get(address)
    if (known !== undefined) return known
    const standing = judge(address)
    standings.put(address, standing)
    return standing
  }

  /** The rate may be another one by now than in advance; nobody gains more than a request by that. */
  const add = (network: string, cost: number): void => {
    if (rate === undefined) return
    const now = time()
    const debt = debts.get(network, now) + cost * rate.unit
    debts.put(network, Math.min(Math.max(0, debt), rate.most), now)
  }

  const enter = (network: string, { advance, room }: Rate): Charge => {
    const wait = debts.get(network, time()) - room
    // Less than a millisecond is what sums of fractions are off by.
    if (wait >= 1) throw tooMany(wait)
    add(network, advance)
    let isOpen = true
    return {
      settle: (cost) => {
        if (isOpen) add(network, COSTS[cost] - advance)
        isOpen = false
      },
    }
  }

  return {
    enter: (address) => {
      const standing = standingOf(address)
      if (standing.kind === 'refused') throw new AppError('denied', { message: REFUSED })
      if (standing.kind === 'free' || rate === undefined) return FREE
      return enter(standing.network, rate)
    },
    update: (settings) => {
      judge = createJudge(settings)
      rate = rateOf(settings.requests)
      if (rate !== undefined) debts.cap(rate.most, time())
      standings.clear()
    },
  }
}

const REFUSED = 'the configuration of this cache refuses your network (limits.deny)'

function createJudge({ allow, deny }: LimitSettings): (address: string) => Standing {
  const [allowed, denied] = [toBlockList(allow), toBlockList(deny)]
  return (address) => {
    if (contains(denied, address)) return { kind: 'refused' }
    if (contains(allowed, address)) return { kind: 'free' }
    return { kind: 'limited', network: networkOf(address) }
  }
}

function rateOf(requests: LimitSettings['requests']): Rate | undefined {
  if (requests === undefined) return undefined
  const { count, perMs } = requests
  const unit = perMs / count
  const advance = Math.min(COSTS.upstream, count)
  const room = perMs - advance * unit
  return { unit, advance, room, most: room + perMs }
}

function tooMany(wait: number): AppError {
  // As much less as enter() lets pass, so that sums of fractions make nobody wait a second more.
  const retryAfter = Math.ceil((wait - 0.5) / SECOND)
  return new AppError('too_many_requests', { ...because('many_requests'), retryAfter })
}

/** Milliseconds that never go back: what a clock that is put back shows again does not count. */
function createSteadyTime(clock: Clock): () => number {
  let shown = clock()
  let passed = 0
  return () => {
    const now = clock()
    if (now > shown) passed += now - shown
    shown = now
    return passed
  }
}
