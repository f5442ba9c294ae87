import { randomBytes } from 'node:crypto'

/** A name no other file has. */
export const uniqueName = (): string => randomBytes(6).toString('hex')
