import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Page } from '../../../src/api/contract.ts'
import type { Failure } from '../api.ts'
import { asFailure } from '../resource.ts'
import { w } from '../words/words.ts'

/** A list that comes in pages, as far as it was looked at. */
export interface List<T> {
  readonly items: readonly T[]
  /** One more than there are, where more are left and nobody has counted them. */
  readonly total: number
  /** How many there are, in these words. */
  found(words: (n: number) => string): string
  readonly failure: Failure | undefined
  readonly isLoading: boolean
  /** What is in sight belongs to the key before. */
  readonly isStale: boolean
  /** Asks for the next page; no effect while one is on its way or at the end. */
  more(): void
  reload(): void
  /** Loads everything that is not here yet. Rejects with Failure. */
  rest(): Promise<readonly T[]>
}

interface State<T> {
  /** Of what is in sight. */
  readonly key: string
  readonly items: readonly T[]
  readonly total: number
  readonly isLeast: boolean
  readonly cursor: string | undefined
  readonly failure: Failure | undefined
  readonly isLoading: boolean
}

type Load<T> = (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>

/** Starts anew when `key` changes; what was there stays in sight until the new first page is here. */
export function useList<T>(key: string, load: Load<T>): List<T> {
  const state = useSignal<State<T>>({
    key,
    items: [],
    total: 0,
    isLeast: false,
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
      let page = await load(isFirst ? undefined : before.cursor, signal)
      // Where nearly all is hidden a page may be empty, and still not the last.
      while (page.items.length === 0 && page.nextCursor !== undefined && !signal.aborted)
        page = await load(page.nextCursor, signal)
      if (signal.aborted) return
      const items = isFirst ? page.items : [...before.items, ...page.items]
      state.value = {
        key: isFirst ? key : before.key,
        items,
        ...counted(items, page),
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

  const { items, total, isLeast, cursor, failure, isLoading } = state.value
  return {
    items,
    total,
    found: (words) => (isLeast ? w().images.moreThan(words(items.length)) : words(total)),
    failure,
    isLoading,
    isStale: state.value.key !== key,
    more: () => {
      const now = state.peek()
      if (!now.isLoading && cursor !== undefined && now.failure === undefined) void next(false)
    },
    reload: () => void turn.value++,
    rest: async () => {
      const { signal } = stopping.current
      for (let now = state.peek(); now.cursor !== undefined; now = state.peek()) {
        const page = await load(now.cursor, signal)
        // A browser may have had the answer already when another list was asked for.
        signal.throwIfAborted()
        const items = [...now.items, ...page.items]
        state.value = { ...now, items, ...counted(items, page), cursor: page.nextCursor }
      }
      return state.peek().items
    },
  }
}

/** Where rows are hidden, the total of a page is that of the page alone. */
function counted<T>(items: readonly T[], { total, totalIsLeast }: Page<T>) {
  const isLeast = totalIsLeast === true
  return { total: isLeast ? items.length + 1 : Math.max(total, items.length), isLeast }
}
