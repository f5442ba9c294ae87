import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { asFailure } from '../resource.ts'
import { wordsFor } from './problem.tsx'
import type { Selecting } from './table.tsx'
import { toast } from './toasts.tsx'

export interface Chosen {
  /** True: everything that matches but `keys`. */
  readonly isAll: boolean
  readonly keys: ReadonlySet<string>
}

export interface Selection extends Selecting {
  readonly chosen: Chosen
  readonly count: number
  /** Everything in sight is chosen, and there is more that matches. */
  readonly canTakeRest: boolean
  takeRest(): void
}

interface SelectionOptions {
  /** Of the rows that are loaded, in the order of the list. */
  readonly keys: readonly string[]
  readonly total: number
  /** The rows in sight are still those of another list: none of them can be chosen. */
  readonly isStale: boolean
  /** What is listed; another list is another selection. */
  readonly scope: string
  readonly label: (key: string) => string
  readonly labelAll: string
  /** Names everything that matches, where no question to the server could say it. */
  readonly nameAll?: () => Promise<readonly string[]>
}

const NOTHING: Chosen = { isAll: false, keys: new Set() }

/** Which rows of a list are chosen: one by one, by ranges, all that are there, or all that match. */
export function useSelection(options: SelectionOptions): Selection {
  const { keys, total, isStale, scope, label, labelAll, nameAll } = options
  const state = useSignal<Chosen>(NOTHING)
  // Where a range starts, and what was chosen before it: a shorter one takes rows back.
  const start = useRef<{ key: string; before: Chosen } | undefined>(undefined)
  // A click that comes later counts more than names that are on their way.
  const turn = useRef(0)
  const set = (next: Chosen): void => {
    turn.current++
    state.value = next
  }
  const clear = (): void => {
    set(NOTHING)
    start.current = undefined
  }
  useEffect(() => {
    clear()
    // Names of another list, or of a page that was left, are none of what is shown.
    return () => void turn.current++
  }, [scope])

  const chosen = state.value
  const count = chosen.isAll ? total - chosen.keys.size : chosen.keys.size
  const areShown = keys.length > 0 && keys.every((key) => has(chosen, key))
  const begin = (key: string): { key: string; before: Chosen } =>
    (start.current = { key, before: state.peek() })
  const takeRest = (): void => {
    if (isStale) return
    if (nameAll === undefined) return set({ isAll: true, keys: new Set() })
    const mine = ++turn.current
    const isMine = (): boolean => turn.current === mine
    nameAll().then(
      (names) => isMine() && set({ isAll: false, keys: new Set(names) }),
      (error: unknown) => {
        // The list was sorted or read anew meanwhile.
        if (!isMine() || (error instanceof DOMException && error.name === 'AbortError')) return
        toast(wordsFor(asFailure(error)), { tone: 'bad' })
      },
    )
  }
  return {
    chosen,
    count,
    state: count === 0 ? 'none' : areShown ? 'all' : 'some',
    canTakeRest: areShown && !chosen.isAll && keys.length < total,
    has: (key) => has(chosen, key),
    toggle: (key) => {
      if (isStale) return
      set(put(state.peek(), [key], !has(state.peek(), key)))
      begin(key)
    },
    extend: (key, from) => {
      if (isStale) return
      const { key: first, before } = start.current ?? begin(from ?? key)
      const [a, b] = [keys.indexOf(first), keys.indexOf(key)].sort((x, y) => x - y)
      if (a === undefined || b === undefined || a < 0) return
      set(put(before, keys.slice(a, b + 1), true))
    },
    all: () => {
      if (isStale) return
      if (areShown && keys.length < total) takeRest()
      else set(put(state.peek(), keys, true))
    },
    clear,
    takeRest,
    label,
    labelAll,
  }
}

function has({ isAll, keys }: Chosen, key: string): boolean {
  return isAll !== keys.has(key)
}

function put({ isAll, keys }: Chosen, some: readonly string[], isIn: boolean): Chosen {
  const next = new Set(keys)
  for (const key of some) {
    if (isIn === isAll) next.delete(key)
    else next.add(key)
  }
  return { isAll, keys: next }
}
