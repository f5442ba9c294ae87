import { type Clock, SECOND } from '../domain/clock.ts'
import { createShared } from './shared.ts'

export interface Token {
  readonly value: string
  /** Milliseconds it lives, counted from its arrival. */
  readonly lifetime: number
}

export interface Tokens {
  /** The token of `key`: a living one, or what `fetch` brings, once for all who ask meanwhile. */
  get(key: string, fetch: (signal: AbortSignal) => Promise<Token>, signal: AbortSignal): Promise<Held>
  /** Forgets a token that was refused, unless it has been replaced already. */
  drop(key: string, value: string): void
}

export interface Held {
  readonly value: string
  /** It was just fetched: if it is refused, another would be as well. */
  readonly fresh: boolean
}

const RENEW_BEFORE = 30 * SECOND
const MOST_TOKENS = 4096

/** Tokens in memory, renewed a little before they end: 30 s, or a tenth of a short life. */
export function createTokens(clock: Clock): Tokens {
  const held = new Map<string, { value: string; from: number; until: number }>()
  const shared = createShared<Token>()

  function living(key: string): string | undefined {
    const token = held.get(key)
    const now = clock()
    return token !== undefined && now >= token.from && now < token.until ? token.value : undefined
  }

  async function get(
    key: string,
    fetch: (signal: AbortSignal) => Promise<Token>,
    signal: AbortSignal,
  ): Promise<Held> {
    const known = living(key)
    if (known !== undefined) return { value: known, fresh: false }
    const token = await shared.join(key, signal, async (inner) => {
      const fetched = await fetch(inner)
      keep(key, fetched)
      return fetched
    })
    return { value: token.value, fresh: true }
  }

  function keep(key: string, token: Token): void {
    const from = clock()
    const until = from + token.lifetime - Math.min(RENEW_BEFORE, token.lifetime / 10)
    held.delete(key)
    held.set(key, { value: token.value, from, until })
    const oldest = held.keys().next()
    if (held.size > MOST_TOKENS && oldest.done !== true) held.delete(oldest.value)
  }

  function drop(key: string, value: string): void {
    if (held.get(key)?.value === value) held.delete(key)
  }

  return { get, drop }
}
