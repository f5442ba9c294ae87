import { GITHUB_HOSTS, type GithubHost } from '../../domain/file-hosts.ts'

/** Other names of the same hosts. */
const ALIASES: Readonly<Record<string, GithubHost>> = {
  'www.github.com': 'github.com',
  'raw.github.com': 'raw.githubusercontent.com',
}

const BY_NAME: ReadonlyMap<string, GithubHost> = new Map([
  ...GITHUB_HOSTS.map((host): [string, GithubHost] => [host, host]),
  ...Object.entries(ALIASES),
])

/** Every name under which one of GitHub's hosts may be asked for, lower case. */
export const HOST_NAMES: readonly string[] = [...BY_NAME.keys()]

/** Whose host this is, in any case and with the port of its scheme; undefined for all others. */
export function githubHost(authority: string): GithubHost | undefined {
  return BY_NAME.get(authority.toLowerCase().replace(/:(?:443|80)$/, ''))
}
