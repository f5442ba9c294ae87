import type { App } from '../app.ts'
import type { LoadedConfig } from '../config/load.ts'
import { formatBytes } from '../domain/units.ts'
import { schemeOf } from './commands/healthcheck.ts'

/** What a person wants to know first: where, from where, how much, whom. */
export async function banner(app: App, { config }: LoadedConfig, version: string): Promise<string> {
  const { storage, upstreams, server } = config
  const setupPath = await app.setupPath()
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
    ...(setupPath === undefined ? [] : [['set-up', `${ownAddress(server, port)}${setupPath}`, ONCE]]),
    ...protocolRows(config, ownAddress(server, port)),
    ['try', `docker pull ${server.acme.domains[0] ?? '127.0.0.1'}:${port}/alpine`],
  ]
  return [
    `Cachalot ${version}`,
    ...rows.flatMap(([name = '', ...lines]) =>
      lines.map((line, at) => `  ${(at === 0 ? name : '').padEnd(14)}${line}`),
    ),
  ].join('\n')
}

/** What clients of other protocols are given, as far as they are served. */
function protocolRows({ go, github, huggingface, git }: LoadedConfig['config'], base: string): string[][] {
  const example = git.hosts.some(({ name }) => name === 'github.com') ? 'github.com' : git.hosts[0]?.name
  const repository = `https://${example}/owner/repo`
  return [
    ...(go.enabled ? [['Go', `GOPROXY=${placeOf(go.hosts, base) ?? `${base}/go`}`]] : []),
    ...(huggingface.enabled
      ? [['Hugging Face', `HF_ENDPOINT=${placeOf(huggingface.hosts, base) ?? `${base}/hf`}`]]
      : []),
    ...(github.enabled ? [['GitHub', `${base}/https://github.com/owner/repo/releases/…`]] : []),
    ...(git.enabled && example !== undefined ? [['git', `git clone ${base}/${repository}`]] : []),
  ]
}

/** A virtual host of its own, reached the same way. */
function placeOf([host]: readonly string[], base: string): string | undefined {
  if (host === undefined) return undefined
  const { protocol, port } = new URL(base)
  return `${protocol}//${host}${port === '' ? '' : `:${port}`}`
}

const ONCE = '(good once, until there is a user: it makes the first admin)'

/** Where a browser on this machine, or on any if public_url says so, finds the server. */
function ownAddress(server: LoadedConfig['config']['server'], port: number): string {
  if (server.publicUrl !== undefined) return server.publicUrl
  const { host } = server.listen
  const isAnywhere = host === '0.0.0.0' || host === '::'
  const name = server.acme.domains[0] ?? (isAnywhere ? '127.0.0.1' : host)
  return `${schemeOf(server)}://${name.includes(':') ? `[${name}]` : name}:${port}`
}
