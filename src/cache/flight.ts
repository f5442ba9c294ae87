import { onDisk } from '../domain/blocks.ts'
import type { Digest, Sha256 } from '../domain/digest.ts'
import { AppError, isUpstreamTrouble } from '../domain/errors.ts'
import { type EntryKey, keyText } from '../domain/names.ts'
import type { Part } from '../store/part.ts'
import type { Store } from '../store/store.ts'
import type { OriginClient } from '../upstream/origin.ts'
import { isPassing } from './bypass-run.ts'
import { Download, type FlightHead } from './download.ts'
import type { Landing } from './landing.ts'
import type { Quota } from './quota.ts'
import { Room } from './room.ts'
import { isTrouble, NoRoom } from './trouble.ts'
import type { Unproven, Want } from './want.ts'

export interface FlightDeps {
  readonly client: OriginClient
  readonly store: Store
  readonly quota: Quota
  readonly landing: Landing
  /** Bytes that may be missing for a download nobody reads to be finished all the same. */
  readonly finishAbandoned: () => number
  /** Size that some cached manifest claims for this content. */
  readonly claimedSize: (digest: Digest | undefined) => number | undefined
  /** Whoever wants it judged its content and refused it. */
  readonly refused: (want: Want, error: unknown) => void
  /** Milliseconds a download goes on after its last reader left, before it is parked. */
  readonly grace: number
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
  #readers = 0
  #parkTimer: NodeJS.Timeout | undefined
  #names: Map<string, Want>
  #failed = false
  /** Keeps the landed content on disk while somebody reads it. */
  #hold: (() => void) | undefined
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
    this.#hold?.()
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

  /** For people: bytes so far, and how many there will be once the upstream said it. */
  get progress(): { readonly done: number; readonly size: number | undefined } {
    return { done: this.#part?.taken ?? 0, size: this.#part?.total }
  }

  /** Everything it brings content for, the first one first. */
  get names(): readonly EntryKey[] {
    return [...this.#names.values()].map(({ key }) => key)
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
    const room = new Room(this.#deps.quota, this.want.key.upstream, onDisk(part.size))
    let stays: number | undefined
    try {
      await this.#download(part, room).run()
      const digest = await part.verify(this.want.digest, (found) => this.#judge(part, found))
      if (digest === undefined) throw this.#mismatch(part)
      const { answer } = await this.head
      const names = [...this.#names.values()]
      // Before it can be evicted: readers may still be at its beginning.
      this.#hold = this.#deps.store.hold(digest)
      stays = await this.#deps.landing.land({ part, digest, names, answer })
      return digest
    } catch (error) {
      this.#failed = true
      await part.flushed().catch(() => undefined)
      if (isTrouble(error)) part.break(error)
      part.drop(error)
      if (this.#isContinuable(part, error)) stays = await this.#park(part)
      throw error
    } finally {
      clearTimeout(this.#parkTimer)
      if (stays === undefined) await this.#deps.store.discard(part).catch(() => undefined)
      room.settle(stays ?? 0)
    }
  }

  /** What it takes on disk from now on; undefined where it cannot be kept. */
  async #park(part: Part): Promise<number | undefined> {
    try {
      await this.#deps.store.park(part)
      return onDisk(part.size)
    } catch (error) {
      if (!isTrouble(error)) throw error
      return undefined
    }
  }

  /** Several names may have a say in it. */
  async #judge(part: Part, digest: Sha256): Promise<void> {
    const read: Unproven['read'] = (buffer, position) => part.read(buffer, position)
    for (const want of this.#names.values()) {
      try {
        await want.check?.({ size: part.size, digest, read })
      } catch (error) {
        this.#deps.refused(want, error)
        throw error
      }
    }
  }

  #download(part: Part, room: Room): Download {
    const { client, claimedSize } = this.#deps
    const { signal } = this.#abort
    return new Download({
      want: this.want,
      part,
      room,
      client,
      signal,
      claimedSize,
      onHead: this.#head.resolve,
      onValidator: (validator) => this.#deps.store.label(part, validator),
    })
  }

  async #begin(): Promise<Part> {
    const { landing, store, quota } = this.#deps
    try {
      quota.settle(await landing.reclaim(this.want.digest, this.id))
      const part = await store.begin(this.id, this.want.digest)
      this.#part = part
      return part
    } catch (error) {
      throw isTrouble(error) ? new NoRoom('the data folder cannot be written', { cause: error }) : error
    }
  }

  /** Without a digest or a validator nothing tells whether a later continuation fits what is here. */
  #isContinuable(part: Part, error: unknown): boolean {
    if ((this.want.digest ?? part.validator) === undefined || part.size === 0) return false
    return error instanceof Parked || (isUpstreamTrouble(error) && isPassing(error))
  }

  #mismatch(part: Part): AppError {
    const said = `content of ${part.taken} bytes does not have digest ${this.want.digest ?? ''}`
    return new AppError('upstream_invalid', { detail: { upstream: this.want.request.upstream, said } })
  }
}
