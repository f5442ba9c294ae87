import { randomBytes } from 'node:crypto'
import type { Index } from '../db/index.ts'
import type { Clock } from '../domain/clock.ts'
import { createCoalesce } from '../domain/coalesce.ts'
import { digestOf, type Sha256 } from '../domain/digest.ts'
import { AppError } from '../domain/errors.ts'
import type { Store } from '../store/store.ts'
import type { OriginClient, OriginHead, OriginOptions } from '../upstream/origin.ts'
import type { Hot } from './hot.ts'
import type { Landing } from './landing.ts'
import type { Quota, Reservation } from './quota.ts'
import { receive } from './receive.ts'
import { isManifest, referencesOf } from './references.ts'
import { isTrouble, NoRoom } from './trouble.ts'
import { questionOf, type Want } from './want.ts'

/** A document as it just came from its upstream, verified. */
export interface Fetched {
  readonly bytes: Buffer
  readonly digest: Sha256
  readonly answer: OriginHead
  /** False when the disk refused it. */
  readonly kept: boolean
}

export interface Documents {
  /** Fetches small content whole, once for everybody who asks at the same time. */
  fetch(want: Want): { result: Promise<Fetched>; joined: boolean }
  /** As `fetch` with If-None-Match; undefined when the upstream says it is unchanged. */
  refetch(want: Want, etag: string | undefined): Promise<Fetched | undefined>
  /**
   * Asks the upstream for exactly this, keeping nothing, once for everybody who asks at the same time. `within` is
   * how many milliseconds its headers may take, for those who have something else to serve.
   */
  pass(want: Want, within?: number): Promise<Fetched>
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
  const passing = createCoalesce<Fetched>()

  const load = async (want: Want, options: OriginOptions): Promise<Fetched | undefined> => {
    const { head, bytes } = await receive(deps.client, want, options)
    if (bytes === undefined) return undefined
    const digest = digestOf(bytes)
    deps.hot.put(digest, bytes)
    return { bytes, digest, answer: head, kept: await keep(want, { bytes, digest, answer: head }) }
  }

  const keep = async (want: Want, fetched: Omit<Fetched, 'kept'>): Promise<boolean> => {
    let reservation: Reservation | undefined
    try {
      reservation = await deps.quota.reserve(fetched.bytes.length, want.key.upstream)
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
      const isOfImages = want.key.frontEnd === 'oci' && isManifest(answer.contentType)
      const edges = isOfImages ? { edges: referencesOf(bytes) } : {}
      grown = await deps.landing.land({ part, digest, names: [want], answer, ...edges })
      return grown
    } finally {
      if (grown === undefined) await deps.store.discard(part).catch(() => undefined)
      part.release()
    }
  }

  return {
    pass: (want, within) => {
      const key = `${questionOf(want)}\n${want.request.accept ?? ''}`
      const work = (): Promise<Fetched> => passOn(deps.client, want, within)
      return passing.run(key, work).result
    },
    fetch: (want) => {
      const { result, joined } = shared.run(questionOf(want), () => load(want, {}))
      // Without If-None-Match there is no 304, except where a revalidation was joined: then the entry is fresh.
      return { result: result.then((fetched) => fetched ?? load(want, {}).then(expectBody)), joined }
    },
    refetch: (want, etag) =>
      shared.run(questionOf(want), () => load(want, etag === undefined ? {} : { ifNoneMatch: etag })).result,
  }
}

async function passOn(client: OriginClient, want: Want, within: number | undefined): Promise<Fetched> {
  const options = within === undefined ? {} : { headersWithin: within }
  const { head, bytes = Buffer.alloc(0) } = await receive(client, want, options)
  return { bytes, digest: digestOf(bytes), answer: head, kept: false }
}

function expectBody(fetched: Fetched | undefined): Fetched {
  if (fetched !== undefined) return fetched
  throw new AppError('upstream_invalid', {
    detail: { said: 'answered 304 to a request without a condition' },
  })
}
