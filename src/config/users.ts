import { join } from 'node:path'
import type { Config } from './config.ts'

/**
 * Where users are: in the file that the configuration names, else in one of the data folder that need not be there. The
 * set-up link and `user add` make that one.
 */
export function usersPlace({ auth, storage }: Pick<Config, 'auth' | 'storage'>): {
  readonly file: string
  readonly isOptional: boolean
} {
  return auth.htpasswd === undefined
    ? { file: join(storage.path, 'htpasswd'), isOptional: true }
    : { file: auth.htpasswd, isOptional: false }
}
