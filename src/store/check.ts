import { setTimeout as sleep } from 'node:timers/promises'
import { MIB } from '../domain/units.ts'
import { followFile, type Waiter } from './hasher.ts'
import type { OpenBlob } from './store.ts'

/** Bytes hashed before the pace is looked at. */
const STEP = 8 * MIB

export interface Pace {
  /** Bytes per second; 0: as fast as it goes. */
  readonly rate: number
  readonly signal?: AbortSignal
  /** "nobody" without it. */
  readonly waiter?: Waiter
}

/**
 * The SHA-256 of a file in hexadecimal, hashed on a thread of its own and no faster than `rate`. Does not close
 * the file. Rejects when it cannot be read, and with the signal's reason.
 */
export async function hashPaced(file: OpenBlob, { rate, signal, waiter = 'nobody' }: Pace): Promise<string> {
  const hash = followFile(file.fd, ['sha256'], waiter)
  try {
    const startedAt = performance.now()
    for (let size = 0; size < file.size; ) {
      signal?.throwIfAborted()
      size = Math.min(file.size, size + (rate === 0 ? file.size : STEP))
      if (size < file.size) hash.advance(size)
      const ahead = rate === 0 ? 0 : (size / rate) * 1000 - (performance.now() - startedAt)
      if (ahead > 0) await sleep(ahead, undefined, signal === undefined ? {} : { signal })
    }
    const [hex = ''] = await hash.finish(file.size)
    return hex
  } finally {
    await hash.drop()
  }
}
