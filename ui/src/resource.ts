import { type Signal, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Failure } from './api.ts'

/** Something that comes from the server, with what was there before while it is asked for again. */
export interface Resource<T> {
  readonly data: T | undefined
  readonly failure: Failure | undefined
  readonly isLoading: boolean
  reload(): void
}

interface State<T> {
  readonly data?: T
  readonly failure?: Failure
  readonly isLoading: boolean
}

/** Loads when `key` changes, and on demand. Answers that come too late are dropped. */
export function useResource<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Resource<T> {
  const state: Signal<State<T>> = useSignal<State<T>>({ isLoading: true })
  const turn = useSignal(0)
  useEffect(() => {
    const stopping = new AbortController()
    state.value = { ...state.peek(), isLoading: true }
    const settle = (next: State<T>): void => {
      if (!stopping.signal.aborted) state.value = next
    }
    load(stopping.signal).then(
      (data) => settle({ data, isLoading: false }),
      (error: unknown) => {
        const { data } = state.peek()
        settle({ failure: asFailure(error), isLoading: false, ...(data === undefined ? {} : { data }) })
      },
    )
    return () => stopping.abort()
  }, [key, turn.value])
  const { data, failure, isLoading } = state.value
  return { data, failure, isLoading, reload: () => void turn.value++ }
}

export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error
  const message = error instanceof Error ? error.message : String(error)
  return new Failure(0, { code: 'unknown', message, hint: '' })
}
