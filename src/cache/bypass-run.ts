import { createHash, type Hash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { algorithmOf, type Digest } from '../domain/digest.ts'
import { AppError, isUpstreamTrouble } from '../domain/errors.ts'
import type { Piece, Run } from '../domain/run.ts'
import type { OriginClient, OriginRequest, OriginResponse } from '../upstream/origin.ts'
import type { Judging } from './judging.ts'
import { requireSame, type Sameness } from './sameness.ts'
import type { Turn } from './turns.ts'

/** Tries without a byte of progress before a run gives up. */
export const MOST_TRIES = 6

/** Milliseconds before try number `n` (from 1): 100, 300, 900, … at most 5 s. */
export function pauseBefore(n: number): number {
  return Math.min(5000, 100 * 3 ** (n - 1))
}

/** Trouble in the middle of a body that another request may get past. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof AppError)) return true
  return isUpstreamTrouble(error) && !['upstream_not_found', 'upstream_invalid'].includes(error.code)
}

export interface BypassRunOptions {
  readonly client: OriginClient
  readonly request: OriginRequest
  readonly start: number
  /** Last byte, inclusive; undefined reads to the end. */
  readonly end: number | undefined
  /** An answer that is already open and starts at `start`. */
  readonly response?: OriginResponse | undefined
  /** The digest of the whole content and the hash of everything before `start`; then the last byte is verified. */
  readonly proof?: { readonly expected: Digest; readonly hash: Hash } | undefined
  /** What makes sure that a later request brings the same content; its name unless given. */
  readonly sameness?: Sameness
  /** Judges the whole content before its last byte leaves, for runs over all of it. Closed with the run. */
  readonly judging?: Judging | undefined
  readonly total: number | undefined
  /** Waited for before the first request, ended with the run. */
  readonly turn?: Turn
  readonly signal?: AbortSignal
}

const BY_NAME: Sameness = { by: 'name' }

/** A hash for a run that starts at byte 0. */
export function freshProof(expected: Digest | undefined): BypassRunOptions['proof'] {
  return expected === undefined ? undefined : { expected, hash: createHash(algorithmOf(expected)) }
}

/**
 * A run straight from the upstream that keeps nothing. A cut is continued with a new request; where the digest
 * is known and the run reaches the end, the last byte is held back until the content proved right.
 */
export function createBypassRun(options: BypassRunOptions): Run {
  const abort = new AbortController()
  const signal = options.signal === undefined ? abort.signal : AbortSignal.any([abort.signal, options.signal])
  const { upstream } = options.request
  let position = options.start
  let body: AsyncIterator<Buffer> | undefined
  let open: Readable | undefined
  let held: Buffer | undefined
  let tries = 0
  let first = options.response
  let { proof } = options
  const sameness = options.sameness ?? BY_NAME
  const { judging } = options
  /** Whatever the upstream sends, clients were promised no more. */
  const stop = Math.min((options.end ?? Infinity) + 1, options.total ?? Infinity)

  const connect = async (): Promise<AsyncIterator<Buffer>> => {
    await options.turn?.ready(signal)
    const response = first ?? (await askFrom(options, position, signal))
    open = response.body
    if (first === undefined && position > 0) requireSame(sameness, response.head, upstream)
    first = undefined
    return skipTo(response, position)
  }

  const next = async (): Promise<Buffer | undefined> => {
    for (;;) {
      if (position >= stop) return undefined
      try {
        body ??= await connect()
        const { done, value } = await body.next()
        if (done !== true) {
          tries = 0
          const bytes = stop === Infinity ? value : value.subarray(0, stop - position)
          position += bytes.length
          return bytes
        }
        if (stop === Infinity) return undefined
        throw new AppError('upstream_failed', { message: 'the upstream ended early' })
      } catch (error) {
        body = undefined
        open?.destroy()
        const isFinal = sameness.by === 'nothing' && position > options.start
        if (signal.aborted || isFinal || !isPassing(error) || ++tries > MOST_TRIES) throw error
        await sleep(pauseBefore(tries), undefined, { signal })
      }
    }
  }

  return {
    pull: async () => {
      for (;;) {
        const bytes = await next().catch((error: unknown) => {
          if (abort.signal.aborted) return undefined
          throw error
        })
        if (abort.signal.aborted) return undefined
        if (bytes === undefined) {
          const last = held
          held = undefined
          // Even without a byte: then what was sent before this run is judged.
          prove(proof)
          proof = undefined
          await judging?.end().catch((error: unknown) => {
            // Whoever left closed it.
            if (!abort.signal.aborted) throw error
          })
          return last === undefined ? undefined : lend(last)
        }
        proof?.hash.update(bytes)
        await judging?.take(bytes)
        const ready = withHeld(held, bytes, proof !== undefined || judging?.isOpen() === true)
        held = ready.held
        if (ready.bytes.length > 0) return lend(ready.bytes)
      }
    },
    close: () => {
      abort.abort()
      open?.destroy()
      first?.body.destroy()
      options.turn?.end()
      judging?.close()
    },
  }
}

const lend = (bytes: Buffer): Piece => ({ bytes, release: () => undefined })

/** Keeps the very last byte back while `hold`; what was held before goes out in front. */
function withHeld(
  before: Buffer | undefined,
  bytes: Buffer,
  hold: boolean,
): { bytes: Buffer; held: Buffer | undefined } {
  const all = before === undefined ? bytes : Buffer.concat([before, bytes])
  return hold
    ? { bytes: all.subarray(0, -1), held: Buffer.from(all.subarray(-1)) }
    : { bytes: all, held: undefined }
}

function prove(proof: BypassRunOptions['proof']): void {
  if (proof === undefined) return
  const found = `${algorithmOf(proof.expected)}:${proof.hash.digest('hex')}`
  if (found === proof.expected) return
  throw new AppError('upstream_invalid', {
    detail: { said: `content has digest ${found}, not ${proof.expected}` },
  })
}

function askFrom(options: BypassRunOptions, from: number, signal: AbortSignal): Promise<OriginResponse> {
  if (from === 0 && options.end === undefined) return options.client.get(options.request, { signal })
  const to = options.end === undefined ? {} : { to: options.end }
  const condition = options.sameness?.by === 'etag' && from > 0 ? { ifRange: options.sameness.etag } : {}
  return options.client.get(options.request, { signal, from, ...to, ...condition })
}

/** Iterates a body from `position` on, dropping what an upstream that ignored the range sent before it. */
async function* skipTo({ head, body }: OriginResponse, position: number): AsyncGenerator<Buffer, undefined> {
  if (head.status === 416 && head.contentRange?.total === position) return undefined
  if (head.status === 416)
    throw new AppError('upstream_invalid', { message: 'the upstream has less than was asked for' })
  let skip = position - (head.status === 206 ? (head.contentRange?.start ?? position) : 0)
  if (skip < 0)
    throw new AppError('upstream_invalid', { message: 'the upstream sent another range than asked for' })
  for await (const chunk of body as AsyncIterable<Buffer>) {
    if (skip >= chunk.length) skip -= chunk.length
    else {
      yield skip === 0 ? chunk : chunk.subarray(skip)
      skip = 0
    }
  }
  return undefined
}
