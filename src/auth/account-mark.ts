import { hash } from 'node:crypto'
import type { Known } from './authenticate.ts'

/**
 * Stands for somebody with the password they have: another one after every new password, whoever wrote it into the file
 * of users, and for somebody else who gets the name. The role may change: it counts when used.
 */
export function markOf({ account }: Pick<Known, 'account'>): Buffer {
  return hash('sha256', `${account.name}:${account.hash}`, 'buffer')
}
