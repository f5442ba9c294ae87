import type { Config } from './config/config.ts'
import { GITHUB_HOSTS } from './domain/file-hosts.ts'
import type { GithubSettings } from './frontends/github/settings.ts'

type Known = Pick<Config, 'github' | 'cache' | 'fileUpstreams'>

/** What the front end of GitHub's files has to know of the configuration. */
export function githubSettings({ github, cache, fileUpstreams }: Known): GithubSettings {
  const { enabled, rewriteScripts, tokenFor, hasToken, refTtl, tagTtl, maxFile } = github
  const urls = new Map(fileUpstreams.map(({ name, url }) => [name, url]))
  return {
    enabled,
    rewriteScripts,
    tokenFor: hasToken ? tokenFor : [],
    refTtl,
    tagTtl,
    staleIfError: cache.staleIfError,
    maxFile,
    hosts: GITHUB_HOSTS.map((name) => ({ name, url: urls.get(name) ?? `https://${name}` })),
  }
}
