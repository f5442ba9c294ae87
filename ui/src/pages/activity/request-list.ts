import { type Signal, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { RequestQuery, RequestRow } from '../../../../src/api/contract-activity.ts'
import { ask, type Failure } from '../../api.ts'
import { asFailure } from '../../resource.ts'

const PAGE = 100
/** How often somebody who follows wants to know. */
const TAIL_MS = 2000
/** What the server keeps at most; more pages there are not. */
const MOST = 5000

type Filter = Pick<RequestQuery, 'q' | 'repository' | 'outcome' | 'status'>

export interface RequestList {
  readonly rows: readonly RequestRow[] | undefined
  readonly failure: Failure | undefined
  readonly hasMore: boolean
  /** Requests that came too fast to be listed. */
  readonly missed: number
  more(): void
  reload(): void
}

interface State {
  readonly rows?: readonly RequestRow[]
  readonly cursor?: string
  readonly missed?: number
  readonly failure?: Failure
}

/** The latest requests that match, more of them on demand, and the newest by themselves while `isTail`. */
export function useRequests(filter: Filter, isTail: boolean): RequestList {
  const state = useSignal<State>({})
  const turn = useSignal(0)
  const isAsking = useRef(false)
  const key = JSON.stringify(filter)
  useEffect(() => {
    const stopping = new AbortController()
    void load(state, { filter, how: 'anew', signal: stopping.signal })
    return () => stopping.abort()
  }, [key, turn.value])
  useTail(isTail, key, (signal) => load(state, { filter, how: 'newest', signal }))
  const more = (): void => {
    if (isAsking.current || state.peek().cursor === undefined) return
    isAsking.current = true
    void load(state, { filter, how: 'older' }).finally(() => (isAsking.current = false))
  }
  const { rows, failure, cursor, missed = 0 } = state.value
  return { rows, failure, hasMore: cursor !== undefined, missed, more, reload: () => void turn.value++ }
}

interface Load {
  readonly filter: Filter
  readonly how: 'anew' | 'newest' | 'older'
  readonly signal?: AbortSignal
}

async function load(state: Signal<State>, { filter, how, signal }: Load): Promise<void> {
  const { cursor } = state.peek()
  const from = how === 'older' && cursor !== undefined ? { cursor } : {}
  try {
    const { items, nextCursor, missed } = await ask(
      'GET /requests',
      { ...filter, limit: PAGE, ...from },
      signal,
    )
    if (signal?.aborted === true) return
    const before = how === 'anew' ? {} : state.peek()
    const rows = merged(how === 'older' ? [before.rows ?? [], items] : [items, before.rows ?? []])
    // The end of the list moves only when more of it was asked for.
    const end = how === 'newest' ? before.cursor : nextCursor
    state.value = { rows: rows.slice(0, MOST), missed, ...(end === undefined ? {} : { cursor: end }) }
  } catch (error) {
    if (signal?.aborted !== true) state.value = { ...state.peek(), failure: asFailure(error) }
  }
}

/** Each request once, in the order they come in. */
function merged(lists: readonly (readonly RequestRow[])[]): readonly RequestRow[] {
  return [...new Map(lists.flat().map((row) => [`${row.at} ${row.id}`, row])).values()]
}

/** Looks again and again, as long as somebody wants that and can see it. */
function useTail(isTail: boolean, key: string, look: (signal: AbortSignal) => Promise<void>): void {
  useEffect(() => {
    if (!isTail) return undefined
    const stopping = new AbortController()
    const timer = setInterval(() => {
      if (!document.hidden) void look(stopping.signal)
    }, TAIL_MS)
    return () => {
      clearInterval(timer)
      stopping.abort()
    }
  }, [isTail, key])
}

/** All that match, for a file. Rejects with Failure. */
export async function allRequests(filter: Filter): Promise<readonly RequestRow[]> {
  const rows: RequestRow[] = []
  let cursor: string | undefined
  do {
    const from = cursor === undefined ? {} : { cursor }
    const page = await ask('GET /requests', { ...filter, limit: 500, ...from })
    rows.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== undefined && rows.length < MOST)
  return rows
}
