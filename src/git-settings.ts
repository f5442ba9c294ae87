import type { Config } from './config/config.ts'
import type { GitSettings } from './frontends/git/settings.ts'
import type { GitEngineSettings } from './git/git.ts'

type Known = Pick<Config, 'git' | 'cache' | 'fileUpstreams'>

/** What the front end of git has to know of the configuration. */
export function gitSettings({ git, cache, fileUpstreams }: Known): GitSettings {
  return {
    enabled: git.enabled,
    hosts: git.hosts,
    redirectHosts: git.redirectHosts,
    files: fileUpstreams.map(({ url, name }) => ({ url, upstream: name })),
    staleIfError: cache.staleIfError,
    maxFile: 0,
  }
}

/** What mirrors have to know of it. */
export function mirrorSettings({ git, cache }: Known): GitEngineSettings {
  const { maxMirror, refsWindow } = git
  return { git: git.git, maxMirror, refsWindow, negativeTtl: cache.negativeTtl }
}
