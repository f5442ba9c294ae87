import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { stringify } from 'smol-toml'
import { startDocker } from './docker-daemon.ts'
import type { Lab } from './lab.ts'
import { findBinary, run, startDaemon, waitUntilReady } from './process.ts'

const MAIN = resolve(import.meta.dirname, '../../src/main.ts')

/** Docker as `docker load` and `docker save` need it: a daemon of its own, without any network. */
export interface DockerTool extends AsyncDisposable {
  docker(...args: string[]): Promise<string>
}

export async function openDockerTool(lab: Lab): Promise<DockerTool> {
  const daemon = await startDocker(lab)
  return {
    docker: (...args) => daemon.docker(args),
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  }
}

/** podman with everything of its own below the lab. */
export async function openPodmanTool(lab: Lab): Promise<(...args: string[]) => Promise<string>> {
  const dir = join(lab.dir, 'podman')
  await mkdir(dir)
  await writeFile(join(dir, 'registries.conf'), '')
  const runtime = findBinary('runc') === undefined ? '' : 'runtime = "runc"'
  const engine = `[engine]\nlock_type = "file"\nevents_logger = "none"\ncgroup_manager = "cgroupfs"\n${runtime}\n`
  await writeFile(join(dir, 'containers.conf'), engine)
  const env = {
    ...lab.env,
    CONTAINERS_REGISTRIES_CONF: join(dir, 'registries.conf'),
    CONTAINERS_CONF: join(dir, 'containers.conf'),
  }
  const state = ['--root', join(dir, 'root'), '--runroot', join(dir, 'run'), '--tmpdir', join(dir, 'tmp')]
  return async (...args) =>
    (await run('podman', [...state, '--storage-driver', 'vfs', ...args], { env })).toString().trim()
}

export async function skopeo(lab: Lab, ...args: string[]): Promise<string> {
  return (await run('skopeo', ['--insecure-policy', ...args], { env: lab.env })).toString().trim()
}

/** The program itself on a configuration. */
export async function cachalot(config: string, ...args: string[]): Promise<string> {
  return (await run(process.execPath, [MAIN, ...args, '--config', config])).toString()
}

/** A configuration whose upstreams nobody can reach: a site without a network. */
export async function createSite(lab: Lab, name: string): Promise<{ readonly config: string }> {
  const dir = join(lab.dir, name)
  await mkdir(dir)
  const config = join(dir, 'config.toml')
  const nobody = 'http://127.0.0.1:9'
  await writeFile(
    config,
    stringify({
      server: { listen: '127.0.0.1:0' },
      storage: { path: join(dir, 'data'), min_free: '0' },
      upstream: [
        { name: 'docker.io', url: nobody, default: true },
        { name: 'ghcr.io', url: nobody },
      ],
    }),
  )
  return { config }
}

/** Starts a server on it; gives its host and port, for names of images. */
export async function serveSite(config: string): Promise<{ readonly host: string } & AsyncDisposable> {
  const daemon = startDaemon(process.execPath, [MAIN, 'serve', '--config', config])
  const listening = /listening on\s+http:\/\/(127\.0\.0\.1:\d+)/
  await waitUntilReady(daemon, async () => {
    if (!listening.test(daemon.log())) throw new Error('not yet')
  })
  const [, host = ''] = listening.exec(daemon.log()) ?? []
  return { host, [Symbol.asyncDispose]: () => daemon.stop() }
}
