import type { Config } from './config/config.ts'

type Known = Pick<Config, 'git' | 'cache'>

/** What mirrors of git repositories have to know of the configuration. */
export function gitSettings({ git, cache }: Known) {
  return { ...git, staleIfError: cache.staleIfError }
}
