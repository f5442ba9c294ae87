import { randomBytes } from 'node:crypto'

/** Ids that tell requests of all runs apart: random per process, counted within it. */
export function createRequestId(): () => string {
  const run = randomBytes(4).toString('hex')
  let count = 0
  return () => `${run}-${(++count).toString(36)}`
}
