import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Page } from '../../../src/api/contract.ts'
import type { Failure } from '../api.ts'
import { asFailure } from '../resource.ts'

/** A list that comes in pages, as far as it was looked at. */
export interface List<T> {
  readonly items: readonly T[]
  readonly total: number
  readonly failure: Failure | undefined
  readonly isLoading: boolean
  /** Asks for the next page; no effect while one is on its way or at the end. */
  more(): void
  reload(): void
  /** Loads everything that is not here yet. Rejects with Failure. */
  rest(): Promise<readonly T[]>
}

interface State<T> {
  readonly items: readonly T[]
  readonly total: number
  readonly cursor: string | undefined
  readonly failure: Failure | undefined
  readonly isLoading: boolean
}

type Load<T> = (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>

/** Starts anew when `key` changes; what was there stays in sight until the new first page is here. */
export function useList<T>(key: string, load: Load<T>): List<T> {
  const state = useSignal<State<T>>({
    items: [],
    total: 0,
    cursor: undefined,
    failure: undefined,
    isLoading: true,
  })
  const turn = useSignal(0)
  const stopping = useRef(new AbortController())

  const next = async (isFirst: boolean): Promise<void> => {
    const { signal } = stopping.current
    const before = state.peek()
    state.value = { ...before, isLoading: true }
    try {
      const page = await load(isFirst ? undefined : before.cursor, signal)
      if (signal.aborted) return
      const items = isFirst ? page.items : [...before.items, ...page.items]
      state.value = {
        items,
        total: page.total,
        cursor: page.nextCursor,
        failure: undefined,
        isLoading: false,
      }
    } catch (error) {
      if (!signal.aborted) state.value = { ...before, failure: asFailure(error), isLoading: false }
    }
  }

  useEffect(() => {
    stopping.current = new AbortController()
    void next(true)
    return () => stopping.current.abort()
  }, [key, turn.value])

  const { items, total, cursor, failure, isLoading } = state.value
  return {
    items,
    total,
    failure,
    isLoading,
    more: () => {
      const now = state.peek()
      if (!now.isLoading && cursor !== undefined && now.failure === undefined) void next(false)
    },
    reload: () => void turn.value++,
    rest: async () => {
      const { signal } = stopping.current
      for (let now = state.peek(); now.cursor !== undefined; now = state.peek()) {
        const page = await load(now.cursor, signal)
        const items = [...now.items, ...page.items]
        state.value = { ...now, items, total: page.total, cursor: page.nextCursor }
      }
      return state.peek().items
    },
  }
}
