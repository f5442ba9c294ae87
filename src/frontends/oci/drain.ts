import type { Cache } from '../../cache/cache.ts'
import type { Want } from '../../cache/want.ts'
import type { Outcome } from '../../domain/names.ts'

/** Blobs of one image that are fetched side by side, as clients do. */
export const BLOBS_AT_ONCE = 3

interface DrainWatch {
  readonly signal: AbortSignal
  took(bytes: number): void
}

/** Reads content to its end, for nobody. Rejects when it does not come whole and right, and with the signal's reason. */
export async function drain(cache: Cache, want: Want, { signal, took }: DrainWatch): Promise<Outcome> {
  const content = await orAbort(cache.open(want), signal, (late) => late.close())
  try {
    const { run, outcome } = await orAbort(content.read(undefined), signal, (late) => late.run.close())
    const pull = () => orAbort(run.pull(), signal, (late) => late?.release())
    try {
      for (let piece = await pull(); piece !== undefined; piece = await pull()) {
        const { length } = piece.bytes
        piece.release()
        took(length)
      }
    } finally {
      run.close()
    }
    return outcome
  } finally {
    content.close()
  }
}

/** What is waited for, or the reason of the signal as soon as there is one; what comes later is given to `drop`. */
export async function orAbort<T>(
  pending: Promise<T>,
  signal: AbortSignal,
  drop: (late: T) => void = () => undefined,
): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([aborted.promise, pending])
  } catch (error) {
    // Of an error of its own nobody is left to hear.
    if (signal.aborted) pending.then(drop, () => undefined)
    throw error
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
