import type { Readable } from 'node:stream'
import type { Part } from '../store/part.ts'

/**
 * Moves a body into a part, dropping the first `skip` bytes, and settles at the body's end. Rejects with the
 * body's error; ends early, destroying the body, when the part stops growing or `take` says no.
 */
export function pump(
  body: Readable,
  part: Part,
  options: { skip: number; take: (bytes: number) => boolean },
): Promise<void> {
  let skip = options.skip
  return new Promise((resolve, reject) => {
    const stop = (error?: Error): void => {
      body.destroy()
      if (error === undefined) resolve()
      else reject(error)
    }
    const pass = (chunk: Buffer): void => {
      if (part.state !== 'growing' || !options.take(chunk.length)) return stop()
      const wait = part.write(chunk)
      if (wait === undefined) return
      body.pause()
      wait.then(() => body.resume(), stop)
    }
    body.on('error', stop)
    body.on('end', () => resolve())
    body.on('close', () => resolve())
    body.on('data', (chunk: Buffer) => {
      if (skip >= chunk.length) skip -= chunk.length
      else {
        const rest = skip === 0 ? chunk : chunk.subarray(skip)
        skip = 0
        pass(rest)
      }
    })
  })
}
