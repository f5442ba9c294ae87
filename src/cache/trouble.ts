import { isStorageTrouble } from '../db/open.ts'
import { type Clock, MINUTE } from '../domain/clock.ts'
import type { Log } from '../domain/log.ts'
import { isStoreTrouble } from '../store/file.ts'
import type { OriginResponse } from '../upstream/origin.ts'

/**
 * Nothing can be kept right now: no room, or the disk fails. Content is passed through instead. An answer that
 * was already open travels along, for the first who takes it.
 */
export class NoRoom extends Error {
  #response: OriginResponse | undefined

  constructor(why: string, options: { response?: OriginResponse | undefined; cause?: unknown } = {}) {
    super(why, { cause: options.cause })
    this.name = 'NoRoom'
    this.#response = options.response
  }

  takeResponse(): OriginResponse | undefined {
    const response = this.#response
    this.#response = undefined
    return response
  }
}

/** Full, failing or locked disk or index. */
export function isTrouble(error: unknown): boolean {
  return error instanceof NoRoom || isStorageTrouble(error) || isStoreTrouble(error)
}

/** Says at most once a minute that content is passed through instead of kept, and why. */
export function createTroubleReport(log: Log, clock: Clock): (error: unknown) => void {
  let saidAt = Number.NEGATIVE_INFINITY
  let unsaid = 0
  return (error) => {
    unsaid++
    if (clock() - saidAt < MINUTE) return
    const why = error instanceof Error ? error.message : String(error)
    log.warn({ event: 'store.bypass', why, times: unsaid }, `content is passed through and not kept: ${why}`)
    saidAt = clock()
    unsaid = 0
  }
}
