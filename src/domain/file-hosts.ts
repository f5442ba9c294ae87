/** The hosts that GitHub's files come from, each asked as an upstream of its own. */
export const GITHUB_HOSTS = [
  'github.com',
  'codeload.github.com',
  'raw.githubusercontent.com',
  'gist.github.com',
  'gist.githubusercontent.com',
  'api.github.com',
  'media.githubusercontent.com',
  'objects.githubusercontent.com',
  'release-assets.githubusercontent.com',
  'github-cloud.githubusercontent.com',
] as const

export type GithubHost = (typeof GITHUB_HOSTS)[number]

/** What the hub of models is called as an upstream, wherever it really is. */
export const HF_HOST = 'huggingface.co'

/**
 * First components of paths that never name a registry, in lower case: those of other protocols and our own. So
 * "/gh/v2/repo/…" is a repository of somebody called v2, and "/ghcr.io/v2/…" is the registry ghcr.io. No registry can be
 * configured under such a name.
 */
export const NO_REGISTRIES: ReadonlySet<string> = new Set([
  'api',
  'ui',
  'k',
  'go',
  'gh',
  'github',
  'hf',
  'git',
  'sh',
  '_lfs',
  'http:',
  'https:',
  HF_HOST,
  ...GITHUB_HOSTS,
])
