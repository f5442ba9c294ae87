import { setTimeout as sleep } from 'node:timers/promises'
import type { Digest, Sha256 } from '../domain/digest.ts'
import { AppError } from '../domain/errors.ts'
import type { Part } from '../store/part.ts'
import type { Store } from '../store/store.ts'
import type { OriginClient, OriginHead, OriginResponse } from '../upstream/origin.ts'
import { isPassing, MOST_TRIES, pauseBefore } from './bypass-run.ts'
import type { Landing } from './landing.ts'
import { pump } from './pump.ts'
import { onDisk, type Quota, type Reservation, UNKNOWN_STEP } from './quota.ts'
import { isTrouble, NoRoom } from './trouble.ts'
import type { Want } from './want.ts'

export interface FlightDeps {
  readonly client: OriginClient
  readonly store: Store
  readonly quota: Quota
  readonly landing: Landing
  /** Bytes that may be missing for a download nobody reads to be finished all the same. */
  readonly finishAbandoned: () => number
  /** Size that a cached manifest claims for this content, where the upstream does not say. */
  readonly claimedSize: (digest: Digest | undefined) => number | undefined
  /** Milliseconds a download goes on after its last reader left, before it is parked. */
  readonly grace: number
}

/** What the first answer of the upstream tells. */
export interface FlightHead {
  readonly total: number | undefined
  readonly answer: OriginHead | undefined
}

/** Thrown to readers when a download stops for a reason that is not the upstream's. */
export class Parked extends Error {
  override readonly name = 'Parked'
}

/**
 * One running download, shared by everyone who wants the same content. It belongs to no request: a reader that
 * leaves does not stop it. Its bytes are in the part; its end is `landed`.
 */
export class Flight {
  readonly want: Want
  readonly id: string
  /** Settles with the upstream's first answer. Rejects with AppError, or NoRoom when nothing can be kept. */
  readonly head: Promise<FlightHead>
  /** Settles when the content is verified, on disk and in the index. Rejects when the download ended otherwise. */
  readonly landed: Promise<Sha256>
  #deps: FlightDeps
  #part: Part | undefined
  #abort = new AbortController()
  #head = Promise.withResolvers<FlightHead>()
  #reservation: Reservation | undefined
  #validator: string | undefined
  #readers = 0
  #parkTimer: NodeJS.Timeout | undefined
  #names: Want[]
  #ended = false

  constructor(want: Want, id: string, deps: FlightDeps) {
    this.want = want
    this.id = id
    this.#deps = deps
    this.#names = [want]
    this.head = this.#head.promise
    this.head.catch(() => undefined)
    this.landed = this.#fly()
    this.landed.catch((error: unknown) => this.#head.reject(error))
  }

  /** The growing file; there once `head` settled. */
  get part(): Part {
    if (this.#part === undefined) throw new Error('the flight has no part before its head')
    return this.#part
  }

  /** Another name that was confirmed for this content: it gets an entry when the flight lands. */
  alsoFor(want: Want): void {
    this.#names.push(want)
  }

  enter(): void {
    this.#readers++
    clearTimeout(this.#parkTimer)
  }

  leave(): void {
    if (--this.#readers > 0) return
    if (this.#ended) return this.#letGo()
    this.#parkTimer = setTimeout(() => this.#parkIfFar(), this.#deps.grace)
    this.#parkTimer.unref()
  }

  /** The part stays open while anybody may still read it. */
  #letGo(): void {
    this.#part?.release()
    this.#part = undefined
  }

  get readers(): number {
    return this.#readers
  }

  /** Ends the download now; its bytes stay for the next one. */
  park(): void {
    this.#abort.abort(new Parked('the download was parked'))
  }

  #parkIfFar(): void {
    const part = this.#part
    if (this.#readers > 0 || part === undefined || part.state !== 'growing') return
    const missing = (part.total ?? Infinity) - part.taken
    const near = missing <= this.#deps.finishAbandoned() || missing < part.taken
    if (!near) this.park()
  }

  async #fly(): Promise<Sha256> {
    const part = await this.#begin()
    let kept = false
    try {
      await this.#download(part)
      const digest = part.verify(this.want.digest)
      if (digest === undefined) throw this.#mismatch(part)
      kept = await this.#deps.landing.land({
        part,
        digest,
        names: this.#names,
        answer: (await this.head).answer,
      })
      return digest
    } catch (error) {
      await part.flushed().catch(() => undefined)
      if (isTrouble(error)) part.break(error)
      part.drop(error)
      kept = error instanceof Parked
      throw error
    } finally {
      await this.#settle(part, kept)
    }
  }

  async #begin(): Promise<Part> {
    try {
      await this.#deps.landing.reclaim(this.want.digest, this.id)
      const part = await this.#deps.store.begin(this.id, this.want.digest)
      this.#deps.quota.settle(-onDisk(part.size))
      this.#part = part
      return part
    } catch (error) {
      throw isTrouble(error) ? new NoRoom('the data folder cannot be written', { cause: error }) : error
    }
  }

  async #settle(part: Part, kept: boolean): Promise<void> {
    clearTimeout(this.#parkTimer)
    this.#reservation?.release()
    if (kept) this.#deps.quota.settle(onDisk(part.size))
    else await this.#deps.store.discard(part).catch(() => undefined)
    this.#ended = true
    if (this.#readers === 0) this.#letGo()
  }

  /** Requests until the part is complete; a cut goes on where it stopped and no reader notices. */
  async #download(part: Part): Promise<void> {
    for (let tries = 0; ; ) {
      const before = part.taken
      try {
        if (await this.#request(part)) return
        if (part.taken === 0 && before > 0) continue
        throw new AppError('upstream_failed', { message: 'the upstream ended early' })
      } catch (error) {
        this.#abort.signal.throwIfAborted()
        tries = part.taken > before ? 1 : tries + 1
        const started = part.total !== undefined || part.taken > 0
        if (isTrouble(error) || !isPassing(error) || !started || tries > MOST_TRIES) throw error
        await sleep(pauseBefore(tries), undefined, { signal: this.#abort.signal }).catch(() => undefined)
        this.#abort.signal.throwIfAborted()
      }
    }
  }

  /** One request for what is missing; true when the part is complete. */
  async #request(part: Part): Promise<boolean> {
    await this.#hashedBefore(part)
    const from = part.size
    const response = await this.#deps.client.get(this.want.request, this.#options(from))
    if (response.head.status === 416) return await this.#isComplete(part, response)
    const start = response.head.status === 206 ? (response.head.contentRange?.start ?? -1) : 0
    if (start > from || start < 0) {
      response.body.destroy()
      throw new AppError('upstream_invalid', { detail: { said: 'sent another range than asked for' } })
    }
    if ((totalOf(response.head) ?? Infinity) < from && part.total === undefined) {
      response.body.destroy()
      await this.#startOver(part, 'the content is shorter than what is here')
      return false
    }
    await this.#meetHead(part, response)
    await part.ready
    await pump(response.body, part, { skip: from - start, take: (bytes) => this.#hasRoom(part, bytes) })
    await part.flushed()
    if (part.state === 'broken') throw part.reason
    this.#abort.signal.throwIfAborted()
    if (part.total === undefined && response.body.errored === null) return true
    return part.taken === part.total
  }

  /** A small rest of an earlier run is hashed before asking; a large one while the upstream answers. */
  async #hashedBefore(part: Part): Promise<void> {
    if (part.size < UNKNOWN_STEP) await part.ready
  }

  #options(from: number) {
    const signal = this.#abort.signal
    if (from === 0) return { signal }
    return this.#validator === undefined ? { signal, from } : { signal, from, ifRange: this.#validator }
  }

  /** The upstream has nothing after what is here: complete, unless an earlier run left too much. */
  async #isComplete(part: Part, response: OriginResponse): Promise<boolean> {
    response.body.destroy()
    const total = response.head.contentRange?.total
    if (total !== part.size) {
      await this.#startOver(part, `the content has ${total ?? 'no'} bytes, ${part.size} are here`)
      return false
    }
    part.expect(total)
    this.#head.resolve({ total, answer: undefined })
    return true
  }

  /** What an earlier run left does not fit: forgotten, unless somebody already reads it. */
  async #startOver(part: Part, said: string): Promise<void> {
    if (part.total !== undefined || part.size === 0)
      throw new AppError('upstream_invalid', { detail: { said } })
    await part.restart()
  }

  /** Takes room for what comes, then lets the readers start. */
  async #meetHead(part: Part, response: OriginResponse): Promise<void> {
    const { head } = response
    const total = totalOf(head) ?? this.#deps.claimedSize(this.want.digest)
    if (part.total !== undefined && total !== undefined && part.total !== total) {
      response.body.destroy()
      throw new AppError('upstream_invalid', {
        detail: { said: `length changed from ${part.total} to ${total}` },
      })
    }
    const { maxBytes } = this.want
    if (maxBytes > 0 && (total ?? 0) > maxBytes) {
      response.body.destroy()
      throw new AppError('too_large', {
        detail: { upstream: this.want.request.upstream, size: total, limit: maxBytes },
      })
    }
    if (this.#reservation === undefined) await this.#reserve(total, response)
    this.#validator = isStrong(head.etag) ? head.etag : undefined
    part.expect(total)
    this.#head.resolve({ total, answer: head })
  }

  async #reserve(total: number | undefined, response: OriginResponse): Promise<void> {
    this.#reservation = await this.#deps.quota.reserve(total ?? UNKNOWN_STEP)
    if (this.#reservation !== undefined) return
    // A continued answer starts in the middle: of no use to a reader that wants the beginning.
    if (response.head.status !== 200) response.body.destroy()
    throw new NoRoom('no room within max_size and min_free', {
      response: response.head.status === 200 ? response : undefined,
    })
  }

  /** Whether `bytes` more fit the limits; with an unknown length, room is taken step by step. */
  #hasRoom(part: Part, bytes: number): boolean {
    const after = part.taken + bytes
    const { maxBytes } = this.want
    if (maxBytes > 0 && after > maxBytes) return false
    if (part.total !== undefined) return after <= part.total
    if (after % UNKNOWN_STEP < bytes) void this.#growOrBreak(part)
    return true
  }

  async #growOrBreak(part: Part): Promise<void> {
    if ((await this.#reservation?.grow(UNKNOWN_STEP)) === false)
      part.break(new NoRoom('no room within max_size'))
  }

  #mismatch(part: Part): AppError {
    const said = `content of ${part.taken} bytes does not have digest ${this.want.digest ?? ''}`
    return new AppError('upstream_invalid', { detail: { upstream: this.want.request.upstream, said } })
  }
}

function totalOf(head: OriginHead): number | undefined {
  return head.status === 206 ? head.contentRange?.total : head.contentLength
}

function isStrong(etag: string | undefined): boolean {
  return etag?.startsWith('"') ?? false
}
