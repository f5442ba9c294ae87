import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'smol-toml'
import type { Lab } from './lab.ts'
import { run, startDaemon, waitUntilReady } from './process.ts'

/** A table [host."<url>"] of hosts.toml. */
export interface Host {
  readonly url: string
  /** The path of the URL stands in the place of /v2. */
  readonly overridePath?: boolean
  readonly authorization?: string
}

export interface Containerd extends AsyncDisposable {
  /** Asks these hosts for images of ghcr.io, one after the other, and nobody else from now on. */
  hosts(...hosts: readonly Host[]): Promise<void>
  /** Pulls and gives the digest. */
  pull(reference: string, ...flags: string[]): Promise<string | undefined>
  remove(reference: string): Promise<void>
  log(): string
}

/** A containerd of its own; the native snapshotter mounts nothing. */
export async function openContainerd(lab: Lab): Promise<Containerd> {
  const dir = join(lab.dir, 'containerd')
  const folder = join(dir, 'hosts')
  await mkdir(join(folder, 'ghcr.io'), { recursive: true })
  const file = join(dir, 'config.toml')
  await writeFile(file, stringify(configuration(dir)))
  const daemon = startDaemon('containerd', ['-c', file], lab.env)
  const ctr = async (...args: string[]): Promise<string> =>
    (await run('ctr', ['-a', join(dir, 'sock'), ...args], { env: lab.env })).toString().trim()
  await waitUntilReady(daemon, () => ctr('version'))
  return {
    hosts: (...hosts) => writeFile(join(folder, 'ghcr.io', 'hosts.toml'), renderHosts(hosts)),
    async pull(reference, ...flags) {
      const options = ['--hosts-dir', folder, '--snapshotter', 'native', ...flags]
      await ctr('images', 'pull', ...options, reference)
      const [, image = ''] = (await ctr('images', 'ls', `name==${reference}`)).split('\n')
      return image.split(/\s+/)[2]
    },
    remove: async (reference) => void (await ctr('images', 'rm', '--sync', reference)),
    log: () => daemon.log(),
    [Symbol.asyncDispose]: () => daemon.stop(),
  }
}

function configuration(dir: string) {
  return {
    version: 2,
    root: join(dir, 'root'),
    state: join(dir, 'state'),
    disabled_plugins: ['io.containerd.grpc.v1.cri'],
    grpc: { address: join(dir, 'sock') },
    ttrpc: { address: join(dir, 'sock.ttrpc') },
    plugins: { 'io.containerd.internal.v1.opt': { path: join(dir, 'opt') } },
  }
}

/** The server is the last host once more, so that nothing ever goes to the registry itself. */
function renderHosts(hosts: readonly Host[]): string {
  const last = hosts.at(-1)
  return stringify({
    server: last?.url,
    ...(last?.overridePath === true ? { override_path: true } : {}),
    ...(last?.authorization === undefined ? {} : { header: { Authorization: last.authorization } }),
    // Tables keep their order, and containerd asks in it.
    host: Object.fromEntries(hosts.map((host) => [host.url, tableOf(host)])),
  })
}

function tableOf({ overridePath, authorization }: Host) {
  return {
    capabilities: ['pull', 'resolve'],
    ...(overridePath === true ? { override_path: true } : {}),
    ...(authorization === undefined ? {} : { header: { Authorization: authorization } }),
  }
}
