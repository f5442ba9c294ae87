import type { Readable } from 'node:stream'
import { SECOND } from '../domain/clock.ts'
import { AppError } from '../domain/errors.ts'
import { KIB } from '../domain/units.ts'

/**
 * A whole body in memory. Rejects with too_large when it is longer than `maxBytes` (0 = no limit; the body
 * is destroyed then), else with the body's own error.
 */
export async function readAll(body: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  // A body yields Buffers: no encoding is ever set.
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length
    if (maxBytes > 0 && size > maxBytes) throw new AppError('too_large', { detail: { limit: maxBytes } })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
}

/**
 * What is there of a small body: never more than `maxBytes`, never later than `withinMs`, never an error.
 * A body that ends in time leaves its connection usable.
 */
export function readSome(body: Readable, maxBytes: number, withinMs: number): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    const timer = setTimeout(() => body.destroy(), withinMs)
    body.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
      if (size >= maxBytes) body.destroy()
    })
    body.on('error', () => undefined)
    body.once('close', () => {
      clearTimeout(timer)
      resolve(Buffer.concat(chunks).subarray(0, maxBytes))
    })
  })
}

/** Reads a small body away in the background, so that its connection can serve again. */
export function discard(body: Readable): void {
  void readSome(body, 64 * KIB, SECOND)
}
