import { setTimeout as sleep } from 'node:timers/promises'
import { algorithmOf, type Digest, digestOf } from '../domain/digest.ts'
import { AppError } from '../domain/errors.ts'
import type { Part } from '../store/part.ts'
import type { OriginClient, OriginHead, OriginResponse } from '../upstream/origin.ts'
import { isPassing, MOST_TRIES, pauseBefore } from './bypass-run.ts'
import { pump } from './pump.ts'
import type { Room } from './room.ts'
import { requireContinuable, requireSame, type Sameness, samenessOf } from './sameness.ts'
import { isTrouble, NoRoom } from './trouble.ts'
import { strongEtag } from './validators.ts'
import type { Want } from './want.ts'

/** What the first answer of the upstream tells. */
export interface FlightHead {
  readonly total: number | undefined
  readonly answer: OriginHead | undefined
}

export interface DownloadOptions {
  readonly want: Want
  readonly part: Part
  readonly room: Room
  readonly client: OriginClient
  readonly signal: AbortSignal
  /** Size that some cached manifest claims for this content. Good for an estimate of the room it needs, no more. */
  readonly claimedSize: (digest: Digest | undefined) => number | undefined
  /** Called once, when readers may begin. */
  readonly onHead: (head: FlightHead) => void
  /** Called before bytes are written: what a later run may continue them with, where their name does not say it. */
  readonly onValidator: (validator: string | undefined) => void
}

/** What one request brought. forgotten: what an earlier run left did not fit, so it starts from nothing. */
type Progress = 'complete' | 'cut' | 'forgotten'

/**
 * The requests that fill a part: as many as it takes, each from where the last one stopped, with a new token and
 * a new redirect where needed. No reader notices a cut.
 */
export class Download {
  readonly #options: DownloadOptions
  #sameness: Sameness
  #validator: string | undefined
  /** Readers were told a length and may hold bytes. */
  #started = false
  #tooLong = false

  constructor(options: DownloadOptions) {
    this.#options = options
    this.#sameness = samenessOf(options.want, options.part.validator)
    this.#validator = options.part.validator
  }

  /** Settles when the part has everything, not yet verified. Rejects with AppError, NoRoom, or the signal's reason. */
  async run(): Promise<void> {
    const { part, want, signal } = this.#options
    if (this.#sameness.by === 'nothing' && part.size > 0) await this.#forget()
    for (let tries = 0; ; ) {
      const before = part.taken
      try {
        const progress = await this.#request()
        if (progress === 'complete') return
        if (progress === 'forgotten') continue
        throw new AppError('upstream_failed', { message: 'the upstream ended early' })
      } catch (error) {
        signal.throwIfAborted()
        tries = part.taken > before ? 1 : tries + 1
        const isFinal = isTrouble(error) || !isPassing(error) || !this.#started
        if (isFinal || tries > MOST_TRIES) throw error
        requireContinuable(this.#sameness, want.request.upstream)
        await sleep(pauseBefore(tries), undefined, { signal }).catch(() => undefined)
        signal.throwIfAborted()
      }
    }
  }

  /** One request for what is missing. */
  async #request(): Promise<Progress> {
    const { client, part, want } = this.#options
    // Standing still, so that what is really missing is asked for.
    await part.flushed()
    let from = part.size
    const response = await client.get(want.request, this.#conditions(from))
    if (response.head.status === 416) return await this.#isComplete(response)
    if (from > 0 && !(await this.#isSame(response))) from = 0
    const start = response.head.status === 206 ? (response.head.contentRange?.start ?? -1) : 0
    if (start > from || start < 0) throw this.#refuse(response, 'sent another range than asked for')
    if ((totalOf(response.head) ?? Infinity) < from && part.total === undefined) {
      response.body.destroy()
      await this.#startOver('the content is shorter than what is here')
      return 'forgotten'
    }
    await this.#meetHead(response)
    await pump(response.body, part, { skip: from - start, take: (bytes) => this.#mayTake(bytes) })
    return await this.#judge(response)
  }

  async #judge(response: OriginResponse): Promise<Progress> {
    const { part, signal } = this.#options
    await part.flushed()
    if (part.state === 'broken') throw part.reason
    signal.throwIfAborted()
    if (this.#tooLong) throw this.#tooLarge(undefined)
    const isWhole = part.total === undefined ? response.body.errored === null : part.taken === part.total
    return isWhole ? 'complete' : 'cut'
  }

  #conditions(from: number) {
    const { signal } = this.#options
    if (from === 0) return { signal }
    return this.#validator === undefined ? { signal, from } : { signal, from, ifRange: this.#validator }
  }

  /** Whether an answer continues what is here. What an earlier run left is forgotten where the content changed since. */
  async #isSame({ head, body }: OriginResponse): Promise<boolean> {
    try {
      requireSame(this.#sameness, head, this.#options.want.request.upstream)
      return true
    } catch (error) {
      if (!this.#started && head.status === 200) {
        await this.#forget()
        return false
      }
      body.destroy()
      throw error
    }
  }

  /** The upstream has nothing after what is here: complete, unless an earlier run left too much. */
  async #isComplete(response: OriginResponse): Promise<Progress> {
    const { part } = this.#options
    response.body.destroy()
    const total = response.head.contentRange?.total
    // Without a digest nothing would prove that these are the bytes.
    if (total !== part.size || this.#sameness.by !== 'name') {
      await this.#startOver(`the content has ${total ?? 'no'} bytes, ${part.size} are here`)
      return 'forgotten'
    }
    this.#start({ total, answer: undefined })
    return 'complete'
  }

  #start(head: FlightHead): void {
    this.#started = true
    this.#options.part.expect(head.total)
    this.#options.onHead(head)
  }

  /** What an earlier run left does not fit: forgotten, unless somebody already reads it. */
  async #startOver(said: string): Promise<void> {
    if (this.#started || this.#options.part.size === 0) {
      throw this.#invalid(said)
    }
    await this.#forget()
  }

  async #forget(): Promise<void> {
    await this.#options.part.restart()
    this.#options.room.forget()
  }

  /** Takes room for what comes, then lets the readers start. */
  async #meetHead(response: OriginResponse): Promise<void> {
    const { part, want } = this.#options
    const { head } = response
    const total = totalOf(head)
    if (part.total !== undefined && total !== undefined && part.total !== total) {
      throw this.#refuse(response, `length changed from ${part.total} to ${total}`)
    }
    if (want.maxBytes > 0 && (total ?? 0) > want.maxBytes) {
      response.body.destroy()
      throw this.#tooLarge(total)
    }
    // Nothing could be held back of an answer that is complete without a byte.
    if (total === 0 && !isEmpty(want.digest))
      throw this.#refuse(response, 'sent no bytes for content that has some')
    await this.#takeRoom(total, response)
    this.#noteValidator(head)
    this.#start({ total, answer: head })
  }

  #noteValidator({ status, etag }: OriginHead): void {
    const { want, onValidator } = this.#options
    this.#validator = strongEtag(etag)
    if (want.digest !== undefined) return
    if (status === 200) this.#sameness = samenessOf(want, etag)
    onValidator(this.#validator)
  }

  async #takeRoom(total: number | undefined, response: OriginResponse): Promise<void> {
    try {
      const { room, claimedSize, want } = this.#options
      await room.take(total, claimedSize(want.digest))
    } catch (error) {
      // A continued answer starts in the middle: of no use to a reader that wants the beginning.
      if (!(error instanceof NoRoom) || response.head.status !== 200) {
        response.body.destroy()
        throw error
      }
      throw new NoRoom(error.message, { response, cause: error.cause })
    }
  }

  /** Whether `bytes` more fit the limits. */
  #mayTake(bytes: number): boolean {
    const { part, room, want } = this.#options
    this.#tooLong = want.maxBytes > 0 && part.taken + bytes > want.maxBytes
    if (this.#tooLong) return false
    if (part.total !== undefined) return part.taken + bytes <= part.total
    room.growFor(part, bytes)
    return true
  }

  #refuse(response: OriginResponse, said: string): AppError {
    response.body.destroy()
    return this.#invalid(said)
  }

  #invalid(said: string): AppError {
    const { upstream } = this.#options.want.request
    return new AppError('upstream_invalid', { detail: { upstream, said } })
  }

  #tooLarge(size: number | undefined): AppError {
    const { request, maxBytes } = this.#options.want
    return new AppError('too_large', { detail: { upstream: request.upstream, size, limit: maxBytes } })
  }
}

function totalOf(head: OriginHead): number | undefined {
  return head.status === 206 ? head.contentRange?.total : head.contentLength
}

/** Whether this may be the name of no bytes at all. */
export function isEmpty(digest: Digest | undefined): boolean {
  return digest === undefined || digest === digestOf(Buffer.alloc(0), algorithmOf(digest))
}
