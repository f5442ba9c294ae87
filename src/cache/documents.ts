import { randomBytes } from 'node:crypto'
import type { Index } from '../db/index.ts'
import type { Clock } from '../domain/clock.ts'
import { algorithmOf, digestOf, type Sha256 } from '../domain/digest.ts'
import { AppError } from '../domain/errors.ts'
import { keyText } from '../domain/names.ts'
import type { Store } from '../store/store.ts'
import type { OriginClient, OriginHead, OriginOptions } from '../upstream/origin.ts'
import { readAll } from '../upstream/read-all.ts'
import { isPassing } from './bypass-run.ts'
import { createCoalesce } from './coalesce.ts'
import type { Hot } from './hot.ts'
import type { Landing } from './landing.ts'
import type { Quota, Reservation } from './quota.ts'
import { isManifest, referencesOf } from './references.ts'
import { isTrouble, NoRoom } from './trouble.ts'
import type { Want } from './want.ts'

/** A document as it just came from its upstream, verified. */
export interface Fetched {
  readonly bytes: Buffer
  readonly digest: Sha256
  readonly answer: OriginHead
  /** False when the disk refused it. */
  readonly kept: boolean
}

interface Received {
  readonly head: OriginHead
  /** Undefined when the upstream says it is unchanged. */
  readonly bytes: Buffer | undefined
}

export interface Documents {
  /** Fetches small content whole, once for everybody who asks at the same time. */
  fetch(want: Want): { result: Promise<Fetched>; joined: boolean }
  /** As `fetch` with If-None-Match; undefined when the upstream says it is unchanged. */
  refetch(want: Want, etag: string | undefined): Promise<Fetched | undefined>
  /** Asks the upstream for exactly this, keeping nothing. */
  pass(want: Want): Promise<Fetched>
}

export function createDocuments(deps: {
  client: OriginClient
  index: Index
  store: Store
  quota: Quota
  landing: Landing
  hot: Hot
  clock: Clock
  report: (error: unknown) => void
}): Documents {
  const shared = createCoalesce<Fetched | undefined>()

  /** Headers and whole body. A body that is cut is asked for once more. */
  const receive = async (want: Want, options: OriginOptions, tries = 2): Promise<Received> => {
    const { head, body } = await deps.client.get(want.request, options)
    if (head.status === 304) {
      body.destroy()
      return { head, bytes: undefined }
    }
    try {
      return { head, bytes: await readAll(body, want.maxBytes) }
    } catch (error) {
      if (tries <= 1 || !isPassing(error)) throw error
      return await receive(want, options, tries - 1)
    }
  }

  const load = async (want: Want, options: OriginOptions): Promise<Fetched | undefined> => {
    const { head, bytes } = await receive(want, options)
    if (bytes === undefined) return undefined
    prove(want, bytes)
    const digest = digestOf(bytes)
    deps.hot.put(digest, bytes)
    return { bytes, digest, answer: head, kept: await keep(want, { bytes, digest, answer: head }) }
  }

  const keep = async (want: Want, fetched: Omit<Fetched, 'kept'>): Promise<boolean> => {
    let reservation: Reservation | undefined
    try {
      reservation = await deps.quota.reserve(fetched.bytes.length)
      if (reservation === undefined) throw new NoRoom('no room within max_size and min_free')
      const grown = await write(want, fetched)
      deps.quota.settle(grown ?? 0)
      return grown !== undefined
    } catch (error) {
      if (!isTrouble(error)) throw error
      deps.report(error)
      return false
    } finally {
      reservation?.release()
    }
  }

  const write = async (want: Want, fetched: Omit<Fetched, 'kept'>): Promise<number | undefined> => {
    const { bytes, digest, answer } = fetched
    const part = await deps.store.begin(`document-${randomBytes(12).toString('hex')}`, undefined)
    let grown: number | undefined
    try {
      await part.write(bytes)
      await part.flushed()
      if (part.state === 'broken') throw part.reason
      await part.verify(undefined)
      const edges = isManifest(answer.contentType) ? { edges: referencesOf(bytes) } : {}
      grown = await deps.landing.land({ part, digest, names: [want], answer, ...edges })
      return grown
    } finally {
      if (grown === undefined) await deps.store.discard(part).catch(() => undefined)
      part.release()
    }
  }

  return {
    pass: async (want) => {
      const { head, body } = await deps.client.get(want.request)
      const bytes = await readAll(body, want.maxBytes)
      prove(want, bytes)
      return { bytes, digest: digestOf(bytes), answer: head, kept: false }
    },
    fetch: (want) => {
      const { result, joined } = shared.run(keyText(want.key), () => load(want, {}))
      // Without If-None-Match there is no 304, except where a revalidation was joined: then the entry is fresh.
      return { result: result.then((fetched) => fetched ?? load(want, {}).then(expectBody)), joined }
    },
    refetch: (want, etag) =>
      shared.run(keyText(want.key), () => load(want, etag === undefined ? {} : { ifNoneMatch: etag })).result,
  }
}

function expectBody(fetched: Fetched | undefined): Fetched {
  if (fetched !== undefined) return fetched
  throw new AppError('upstream_invalid', {
    detail: { said: 'answered 304 to a request without a condition' },
  })
}

function prove(want: Want, bytes: Buffer): void {
  if (want.digest === undefined) return
  const found = digestOf(bytes, algorithmOf(want.digest))
  if (found === want.digest) return
  const said = `sent content with digest ${found} for ${want.digest}`
  throw new AppError('upstream_invalid', { detail: { upstream: want.request.upstream, said } })
}
