import { randomBytes } from 'node:crypto'

/** Of this process. Asking for randomness each time costs as much as a small system call. */
const own = randomBytes(6).toString('hex')
let count = 0

/** A name no other file has. */
export const uniqueName = (): string => `${own}${(count++).toString(36)}`
