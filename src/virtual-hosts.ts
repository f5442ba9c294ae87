import type { Config } from './config/config.ts'
import { GITHUB_HOSTS } from './domain/file-hosts.ts'
import type { VirtualHost } from './http/virtual-hosts.ts'

/**
 * Neither people nor organisations have names with an underscore, a colon or a dot, so addresses of GitHub and links to
 * large files mean the same everywhere. Whoever is called "sh" is found by his address. Modules are named after hosts,
 * and keep nothing.
 */
const LINKS = ['_lfs']
const ADDRESSES = ['sh', 'http:', 'https:', ...GITHUB_HOSTS]

/** The hosts below which there is one protocol alone. */
export function virtualHosts({ go, github, huggingface }: Config): VirtualHost[] {
  return [
    ...go.hosts.map((host) => ({ host, prefix: '/go', keeps: [] })),
    ...github.hosts.map((host) => ({ host, prefix: '/gh', keeps: [...LINKS, ...ADDRESSES] })),
    ...huggingface.hosts.map((host) => ({ host, prefix: '/hf', keeps: LINKS })),
  ]
}
