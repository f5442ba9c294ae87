import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { AppError } from '../domain/errors.ts'
import { MIB } from '../domain/units.ts'

/** Bytes of requests that are held at one time, of all clients together. */
const MOST_HELD = 256 * MIB

export interface Bodies {
  /**
   * The body of a request, unpacked, of `most` bytes at most. Throws AppError: `too_large`, `bad_request` for what is
   * packed in an unknown way or breaks off, `too_many_requests` where too much is held already. What it holds counts
   * until `release` is called.
   */
  read(req: IncomingMessage, most: number): Promise<{ readonly bytes: Buffer; release(): void }>
}

export function createBodies(): Bodies {
  let held = 0
  return {
    read: async (req, most) => {
      let size = 0
      const release = (): void => {
        held -= size
        size = 0
      }
      const chunks: Buffer[] = []
      try {
        for await (const chunk of unpacked(req)) {
          // Without an encoding set, a stream of bytes gives Buffers.
          const bytes = chunk as Buffer
          size += bytes.length
          held += bytes.length
          if (size > most) throw new AppError('too_large', { message: 'the request is too large' })
          if (held > MOST_HELD) throw new AppError('too_many_requests', { retryAfter: 5 })
          chunks.push(bytes)
        }
      } catch (error) {
        release()
        throw error instanceof AppError ? error : new AppError('bad_request', { cause: error })
      }
      return { bytes: Buffer.concat(chunks), release }
    },
  }
}

function unpacked(req: IncomingMessage): Readable {
  const coding = (req.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  if (coding === 'identity') return req
  if (coding !== 'gzip' && coding !== 'x-gzip')
    throw new AppError('bad_request', { message: 'the body is packed in an unknown way' })
  const gunzip = createGunzip()
  // A pipe passes no errors on: a body that breaks off has to end the one who waits for it.
  req.once('error', (error) => gunzip.destroy(error))
  req.once('close', () => {
    if (!req.complete) gunzip.destroy(new Error('the request broke off'))
  })
  return req.pipe(gunzip)
}
