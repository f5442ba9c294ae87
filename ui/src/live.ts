import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Events } from '../../src/api/contract-activity.ts'

type Topic = Exclude<keyof Events, 'ping'>

/** Whether what is live is live: false while the server does not answer. */
export const isConnected = signal(true)

/** Follows what happens, as long as a page shows it and can be seen. `take` gets the whole topic each time. */
export function useLive<T extends Topic>(topic: T, take: (data: Events[T]) => void): void {
  useEffect(() => {
    let source: EventSource | undefined
    const open = (): void => {
      source?.close()
      source = undefined
      if (document.hidden) return
      source = new EventSource(`/api/v1/events?topics=${topic}`)
      source.addEventListener('open', () => (isConnected.value = true))
      source.addEventListener('error', () => (isConnected.value = false))
      // The contract says what each topic carries.
      source.addEventListener(topic, (event) =>
        take(JSON.parse((event as MessageEvent<string>).data) as Events[T]),
      )
    }
    open()
    document.addEventListener('visibilitychange', open)
    return () => {
      document.removeEventListener('visibilitychange', open)
      source?.close()
      isConnected.value = true
    }
  }, [topic])
}
