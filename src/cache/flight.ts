import { setTimeout as sleep } from 'node:timers/promises'
import { algorithmOf, type Digest, digestOf, type Sha256 } from '../domain/digest.ts'
import { AppError, isUpstreamTrouble } from '../domain/errors.ts'
import { keyText } from '../domain/names.ts'
import { onDisk } from '../store/layout.ts'
import type { Part } from '../store/part.ts'
import type { Store } from '../store/store.ts'
import type { OriginClient, OriginHead, OriginResponse } from '../upstream/origin.ts'
import { isPassing, MOST_TRIES, pauseBefore } from './bypass-run.ts'
import type { Landing } from './landing.ts'
import { pump } from './pump.ts'
import { type Quota, type Reservation, UNKNOWN_STEP } from './quota.ts'
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

/** A download was stopped on purpose. Only those who read at the very end of the program ever see it. */
export class Parked extends AppError {
  constructor() {
    super('shutting_down')
    this.name = 'Parked'
  }
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
  #names: Map<string, Want>
  /** Bytes of an earlier run, which count as used while this one goes on. */
  #adopted = 0
  #tooLong = false
  /** Readers were told a length and may hold bytes. */
  #started = false
  #failed = false
  #ended = false

  /** `before`: the same download, about to end without success; it still has the file. */
  constructor(want: Want, id: string, deps: FlightDeps, before?: Flight) {
    this.want = want
    this.id = id
    this.#deps = deps
    this.#names = new Map([[keyText(want.key), want]])
    this.head = this.#head.promise
    this.head.catch(() => undefined)
    this.landed = this.#fly(before)
    this.landed.catch((error: unknown) => this.#head.reject(error))
  }

  /** The growing file; there once `head` settled. */
  get part(): Part {
    if (this.#part === undefined) throw new Error('the flight has no part before its head')
    return this.#part
  }

  /** Another name that was confirmed for this content: it gets an entry when the flight lands. */
  alsoFor(want: Want): void {
    this.#names.set(keyText(want.key), want)
  }

  enter(): void {
    this.#readers++
    clearTimeout(this.#parkTimer)
  }

  leave(): void {
    if (--this.#readers > 0) return
    if (this.#ended) return this.#letGo()
    clearTimeout(this.#parkTimer)
    this.#parkTimer = setTimeout(() => this.#parkIfFar(), this.#deps.grace)
    this.#parkTimer.unref()
  }

  /** The part stays open while anybody may still read it. */
  #letGo(): void {
    this.#part?.release()
    this.#part = undefined
  }

  /** Nobody can join any more: whoever reads still may, the last one closes the file. */
  end(): void {
    this.#ended = true
    if (this.#readers === 0) this.#letGo()
  }

  /** False from the moment it is clear that it will not bring everything to whoever comes now. */
  get isJoinable(): boolean {
    return !this.#failed && !this.#abort.signal.aborted
  }

  get readers(): number {
    return this.#readers
  }

  /** Ends the download now; its bytes stay for the next one. */
  park(): void {
    this.#abort.abort(new Parked())
  }

  #parkIfFar(): void {
    const part = this.#part
    if (this.#readers > 0 || part === undefined || part.state !== 'growing') return
    const missing = (part.total ?? Infinity) - part.taken
    const near = missing <= this.#deps.finishAbandoned() || missing < part.taken
    if (!near) this.park()
  }

  async #fly(before: Flight | undefined): Promise<Sha256> {
    await before?.landed.catch(() => undefined)
    const part = await this.#begin()
    let stays: number | undefined
    try {
      await this.#download(part)
      const digest = await part.verify(this.want.digest)
      if (digest === undefined) throw this.#mismatch(part)
      const { answer } = await this.head
      const names = [...this.#names.values()]
      stays = await this.#deps.landing.land({ part, digest, names, answer })
      return digest
    } catch (error) {
      this.#failed = true
      await part.flushed().catch(() => undefined)
      if (isTrouble(error)) part.break(error)
      part.drop(error)
      if (this.#isContinuable(part, error)) {
        stays = onDisk(part.size)
        this.#deps.store.park(part)
      }
      throw error
    } finally {
      await this.#settle(part, stays)
    }
  }

  async #begin(): Promise<Part> {
    const { landing, store, quota } = this.#deps
    try {
      quota.settle(await landing.reclaim(this.want.digest, this.id))
      const part = await store.begin(this.id, this.want.digest)
      this.#adopted = onDisk(part.size)
      this.#part = part
      return part
    } catch (error) {
      throw isTrouble(error) ? new NoRoom('the data folder cannot be written', { cause: error }) : error
    }
  }

  /** Without a digest nothing could prove that a later continuation fits what is here. */
  #isContinuable(part: Part, error: unknown): boolean {
    if (this.want.digest === undefined || part.size === 0) return false
    return error instanceof Parked || (isUpstreamTrouble(error) && isPassing(error))
  }

  /** `stays`: bytes by which what lies on disk has grown, or undefined when nothing of it stays. */
  async #settle(part: Part, stays: number | undefined): Promise<void> {
    clearTimeout(this.#parkTimer)
    if (stays === undefined) await this.#deps.store.discard(part).catch(() => undefined)
    this.#deps.quota.settle((stays ?? 0) - this.#adopted)
    this.#reservation?.release()
  }

  /** Requests until the part is complete; a cut goes on where it stopped and no reader notices. */
  async #download(part: Part): Promise<void> {
    if (this.want.digest === undefined && part.size > 0) await this.#forget(part)
    for (let tries = 0; ; ) {
      const before = part.taken
      try {
        const progress = await this.#request(part)
        if (progress === 'complete') return
        if (progress === 'forgotten') continue
        throw new AppError('upstream_failed', { message: 'the upstream ended early' })
      } catch (error) {
        this.#abort.signal.throwIfAborted()
        tries = part.taken > before ? 1 : tries + 1
        const isFinal = isTrouble(error) || !isPassing(error) || !this.#started
        if (isFinal || tries > MOST_TRIES) throw error
        await sleep(pauseBefore(tries), undefined, { signal: this.#abort.signal }).catch(() => undefined)
        this.#abort.signal.throwIfAborted()
      }
    }
  }

  /** One request for what is missing. */
  async #request(part: Part): Promise<'complete' | 'cut' | 'forgotten'> {
    // Standing still, so that what is really missing is asked for.
    await part.flushed()
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
      return 'forgotten'
    }
    await this.#meetHead(part, response)
    await pump(response.body, part, { skip: from - start, take: (bytes) => this.#hasRoom(part, bytes) })
    await part.flushed()
    if (part.state === 'broken') throw part.reason
    this.#abort.signal.throwIfAborted()
    if (this.#tooLong) throw this.#tooLarge(undefined)
    const isWhole = part.total === undefined ? response.body.errored === null : part.taken === part.total
    return isWhole ? 'complete' : 'cut'
  }

  #options(from: number) {
    const signal = this.#abort.signal
    if (from === 0) return { signal }
    return this.#validator === undefined ? { signal, from } : { signal, from, ifRange: this.#validator }
  }

  /** The upstream has nothing after what is here: complete, unless an earlier run left too much. */
  async #isComplete(part: Part, response: OriginResponse): Promise<'complete' | 'forgotten'> {
    response.body.destroy()
    const total = response.head.contentRange?.total
    if (total !== part.size) {
      await this.#startOver(part, `the content has ${total ?? 'no'} bytes, ${part.size} are here`)
      return 'forgotten'
    }
    this.#start(part, { total, answer: undefined })
    return 'complete'
  }

  /** Readers may begin. */
  #start(part: Part, head: FlightHead): void {
    this.#started = true
    part.expect(head.total)
    this.#head.resolve(head)
  }

  /** What an earlier run left does not fit: forgotten, unless somebody already reads it. */
  async #startOver(part: Part, said: string): Promise<void> {
    if (this.#started || part.size === 0) throw new AppError('upstream_invalid', { detail: { said } })
    await this.#forget(part)
  }

  async #forget(part: Part): Promise<void> {
    await part.restart()
    this.#deps.quota.settle(-this.#adopted)
    this.#adopted = 0
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
      throw this.#tooLarge(total)
    }
    // Nothing could be held back of an answer that is complete without a byte.
    if (total === 0 && !isEmpty(this.want.digest)) {
      response.body.destroy()
      throw this.#mismatch(part)
    }
    if (this.#reservation === undefined) await this.#reserve(total, response)
    this.#validator = isStrong(head.etag) ? head.etag : undefined
    this.#start(part, { total, answer: head })
  }

  async #reserve(total: number | undefined, response: OriginResponse): Promise<void> {
    let cause: unknown
    try {
      const missing = total === undefined ? UNKNOWN_STEP : Math.max(0, total - this.#adopted)
      this.#reservation = await this.#deps.quota.reserve(missing)
      if (this.#reservation !== undefined) return
    } catch (error) {
      if (!isTrouble(error)) {
        response.body.destroy()
        throw error
      }
      cause = error
    }
    // A continued answer starts in the middle: of no use to a reader that wants the beginning.
    if (response.head.status !== 200) response.body.destroy()
    throw new NoRoom('no room within max_size and min_free', {
      response: response.head.status === 200 ? response : undefined,
      cause,
    })
  }

  /** Whether `bytes` more fit the limits; with an unknown length, room is taken step by step. */
  #hasRoom(part: Part, bytes: number): boolean {
    const after = part.taken + bytes
    const { maxBytes } = this.want
    this.#tooLong = maxBytes > 0 && after > maxBytes
    if (this.#tooLong) return false
    if (part.total !== undefined) return after <= part.total
    if (after % UNKNOWN_STEP < bytes) void this.#growOrBreak(part)
    return true
  }

  async #growOrBreak(part: Part): Promise<void> {
    try {
      if ((await this.#reservation?.grow(UNKNOWN_STEP)) === false)
        part.break(new NoRoom('no room within max_size'))
    } catch (error) {
      part.break(error)
    }
  }

  #tooLarge(size: number | undefined): AppError {
    const { request, maxBytes } = this.want
    return new AppError('too_large', { detail: { upstream: request.upstream, size, limit: maxBytes } })
  }

  #mismatch(part: Part): AppError {
    const said = `content of ${part.taken} bytes does not have digest ${this.want.digest ?? ''}`
    return new AppError('upstream_invalid', { detail: { upstream: this.want.request.upstream, said } })
  }
}

function totalOf(head: OriginHead): number | undefined {
  return head.status === 206 ? head.contentRange?.total : head.contentLength
}

/** Whether this may be the name of no bytes at all. */
export function isEmpty(digest: Digest | undefined): boolean {
  return digest === undefined || digest === digestOf(Buffer.alloc(0), algorithmOf(digest))
}

function isStrong(etag: string | undefined): boolean {
  return etag?.startsWith('"') ?? false
}
