import type { App } from '../app.ts'
import type { LoadedConfig } from '../config/load.ts'
import { formatBytes } from '../domain/units.ts'
import { schemeOf } from './commands/healthcheck.ts'

/** What a person wants to know first: where, from where, how much, whom. */
export function banner(app: App, { config }: LoadedConfig, version: string): string {
  const { storage, upstreams, server } = config
  const { host, port } = app.address
  const shown = host.includes(':') ? `[${host}]` : host
  const rows = [
    [
      'listening on',
      `${schemeOf(server)}://${shown}:${port}${server.publicUrl === undefined ? '' : `  (${server.publicUrl})`}`,
    ],
    ['data folder', `${storage.path}${app.ownsData ? '' : '  (shared with another Cachalot)'}`],
    ['quota', storage.maxSize === 0 ? 'none' : formatBytes(storage.maxSize)],
    ['upstreams', upstreams.map((one) => (one.default ? `${one.name} (default)` : one.name)).join(', ')],
    ['try', `docker pull ${server.acme.domains[0] ?? '127.0.0.1'}:${port}/alpine`],
  ]
  return [
    `Cachalot ${version}`,
    ...rows.map(([name = '', value = '']) => `  ${name.padEnd(14)}${value}`),
  ].join('\n')
}
