import { isDeepStrictEqual } from 'node:util'
import { type Redirect, type RedirectOptions, startRedirect } from './redirect.ts'

type Place = Pick<RedirectOptions, 'host' | 'port'>

export interface RedirectInUse {
  address(): Redirect['address'] | undefined
  /** Listens there and nowhere else. Rejects with an Error in words, and then listens where it did before. */
  follow(place: Place | undefined): Promise<void>
  close(): Promise<void>
}

/** The plain listener, wherever the configuration wants it. */
export function createRedirectInUse(options: Omit<RedirectOptions, keyof Place>): RedirectInUse {
  let place: Place | undefined
  let redirect: Redirect | undefined

  const listenAt = async (next: Place | undefined): Promise<void> => {
    await redirect?.close()
    redirect = next === undefined ? undefined : await startRedirect({ ...options, ...next })
    place = next
  }
  return {
    address: () => redirect?.address,
    follow: async (next) => {
      if (isDeepStrictEqual(next, place)) return
      const before = place
      try {
        await listenAt(next)
      } catch (error) {
        redirect = undefined
        place = undefined
        if (before !== undefined) await listenAt(before)
        throw new Error(explain(error, next), { cause: error })
      }
    },
    close: async () => await redirect?.close(),
  }
}

function explain(error: unknown, place: Place | undefined): string {
  const { code, message } = error as NodeJS.ErrnoException // whatever listen rejects with
  const port = place?.port ?? 0
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} is in use by another program; choose another one with server.tls.redirect_http`
    case 'EADDRNOTAVAIL':
      return `${place?.host ?? ''} is no address of this machine; see server.tls.redirect_http`
    case 'EACCES':
      return `port ${port} needs privileges; see server.tls.redirect_http`
    default:
      return `server.tls.redirect_http: ${message}`
  }
}
