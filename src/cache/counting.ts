import type { Index } from '../db/index.ts'
import type { Clock } from '../domain/clock.ts'
import { type Digest, isSha256 } from '../domain/digest.ts'
import type { Cache } from './cache.ts'
import type { Want } from './want.ts'

interface CountingDeps {
  readonly index: Index
  readonly clock: Clock
  /** False: whoever asks is no client, so that nothing counts as a pull. */
  readonly isForClients: boolean
}

/** The same cache, where every answer is noted as a use of the name that was asked for. */
export function createCounting(cache: Cache, { index, clock, isForClients }: CountingDeps): Cache {
  const use = (want: Want, digest: Digest | undefined, pulled: boolean): void => {
    if (digest === undefined || !isSha256(digest)) return
    index.uses.note({ key: want.key, digest, at: clock(), pulled: pulled && isForClients })
  }
  /** Of content whose digest nobody knew before all of it was here. */
  const useNew = ({ key, isKept }: Want): void => {
    if (isKept !== false) index.uses.note({ key, digest: undefined, at: clock(), pulled: isForClients })
  }
  return {
    ...cache,
    // Clients that have an image already only ask whether it is still the one.
    stat: async (want) => {
      const meta = await cache.stat(want)
      use(want, meta.digest, false)
      return meta
    },
    read: async (want) => {
      const document = await cache.read(want)
      use(want, document.digest, true)
      return document
    },
    open: async (want) => {
      const content = await cache.open(want)
      use(want, content.digest, true)
      if (content.digest !== undefined) return content
      let isOpen = true
      const close = (): void => {
        content.close()
        if (isOpen) useNew(want)
        isOpen = false
      }
      return { ...content, close }
    },
  }
}
