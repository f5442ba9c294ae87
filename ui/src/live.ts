import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Events } from '../../src/api/contract-activity.ts'
import { loadSession } from './session.ts'

/** How long after the server refused a stream it is asked for one again. */
const AGAIN_MS = 10_000

type Topic = Exclude<keyof Events, 'ping'>

/** Whether what is live is live: false while the server does not answer. */
export const isConnected = signal(true)

/** Follows what happens, as long as a page shows it and can be seen. `take` gets the whole topic each time. */
export function useLive<T extends Topic>(topic: T, take: (data: Events[T]) => void): void {
  useEffect(() => {
    let source: EventSource | undefined
    let again: ReturnType<typeof setTimeout> | undefined
    // A browser comes back by itself when it is cut off, but not after a refusal: the session may be over.
    const lost = (): void => {
      isConnected.value = false
      if (source?.readyState !== EventSource.CLOSED) return
      void loadSession().catch(() => undefined)
      again = setTimeout(open, AGAIN_MS)
    }
    const open = (): void => {
      clearTimeout(again)
      source?.close()
      source = undefined
      if (document.hidden) return
      source = new EventSource(`/api/v1/events?topics=${topic}`)
      source.addEventListener('open', () => (isConnected.value = true))
      source.addEventListener('error', lost)
      // The contract says what each topic carries.
      source.addEventListener(topic, (event) =>
        take(JSON.parse((event as MessageEvent<string>).data) as Events[T]),
      )
    }
    open()
    document.addEventListener('visibilitychange', open)
    return () => {
      document.removeEventListener('visibilitychange', open)
      clearTimeout(again)
      source?.close()
      isConnected.value = true
    }
  }, [topic])
}
