import type { Pair } from '../support/cachalot.ts'

/** One way to ask for things of a repository. */
export interface Spelling {
  /** Of "tags/list" and the like. */
  path(end: string): string
  /** Where the host says which upstream it is. */
  readonly host?: string
}

/** Takes two upstreams into use, both at the fake: docker.io, and ghcr.io with everything that names can be had by. */
export async function useUpstreams({ cache, hub: { url } }: Pair): Promise<void> {
  const upstreams = [
    { name: 'docker.io', url, default: true, aliases: ['index.docker.io', 'hub'], hosts: ['hub.cache.test'] },
    { name: 'ghcr.io', url, aliases: ['ghcr'], hosts: ['ghcr.cache.test'] },
  ]
  await cache.reload({ upstreams })
}

const spelled = (base: string, query = '', host?: string): Spelling => ({
  path: (end) => `${base}/${end}${query}`,
  ...(host === undefined ? {} : { host }),
})

/** Every way to say docker.io/library/app. */
export const HUB_SPELLINGS: readonly Spelling[] = [
  ...['/v2/app', '/v2/library/app', '/v2/%6cibrary/app', '/v2/ap%70'].map((base) => spelled(base)),
  ...['docker.io', 'hub', 'index.docker.io', 'Docker.IO', 'docker.io:443', 'docker%2Eio'].flatMap((name) =>
    [`/v2/${name}/app`, `/v2/${name}/library/app`, `/${name}/v2/app`, `/${name}/v2/library/app`].map((base) =>
      spelled(base),
    ),
  ),
  ...['docker.io', 'hub', 'INDEX.docker.io', 'docker.io:443', 'docker.io%3A443', 'd%6fcker.io'].flatMap(
    (ns) =>
      ['/v2/app', '/v2/library/app', '/v2/docker.io/library/app', '/hub/v2/app'].map((base) =>
        spelled(base, `?ns=${ns}`),
      ),
  ),
  ...['/v2/app', '/v2/library/app', '/docker.io/v2/app'].map((base) => spelled(base, '', 'hub.cache.test')),
  spelled('/v2/app', '', 'HUB.cache.test:8080'),
  spelled('/v2/app', '?ns=docker.io', 'hub.cache.test'),
]

/** Every way to say ghcr.io/org/app. */
export const GHCR_SPELLINGS: readonly Spelling[] = [
  ...['ghcr.io', 'ghcr', 'GHCR.io'].flatMap((name) => [
    spelled(`/v2/${name}/org/app`),
    spelled(`/${name}/v2/org/app`),
    spelled('/v2/org/app', `?ns=${name}`),
    spelled('/v2/ghcr.io/org/app', `?ns=${name}`),
    spelled('/ghcr/v2/org/app', `?ns=${name}`),
  ]),
  spelled('/v2/org/app', '', 'ghcr.cache.test'),
  spelled('/v2/ghcr.io/org/app', '', 'ghcr.cache.test'),
]

export const hostOf = ({ host }: Spelling): Record<string, string> => (host === undefined ? {} : { host })
