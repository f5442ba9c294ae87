import type { RequestListener } from 'node:http'
import { type LocalApi, startLocalApi } from './api/local.ts'
import type { Log } from './domain/log.ts'

/** The API for commands on this machine, from when this process owns the folder. A disk that refuses costs no pull. */
export function createLocalAccess(deps: {
  folder: string
  handle: RequestListener
  isOwner: () => boolean
  log: Log
}) {
  let starting: Promise<LocalApi | undefined> | undefined
  return {
    start: async (): Promise<void> => {
      if (!deps.isOwner() || starting !== undefined) return
      starting = startLocalApi(deps.folder, deps.handle)
      await starting.catch((error: unknown) => {
        deps.log.warn({ event: 'local', err: error }, 'commands cannot reach this server')
        starting = Promise.resolve(undefined)
      })
    },
    close: async (grace: number): Promise<void> => (await starting)?.close(grace),
  }
}
