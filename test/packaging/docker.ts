import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { daemonArguments } from '../clients/access-docker-client.ts'
import { type RunOptions, run, startDaemon, waitUntilReady } from '../clients/process.ts'

export interface Docker extends AsyncDisposable {
  /** What it prints, without the end of the last line. */
  docker(args: readonly string[], options?: RunOptions): Promise<string>
  compose(args: readonly string[], options?: RunOptions): Promise<string>
  /** The same, byte for byte. */
  composeBytes(args: readonly string[], options?: RunOptions): Promise<Buffer>
  /** Where its volumes lie. */
  readonly volumes: string
}

/** A Docker daemon of its own below `dir`, with its clients. Rejects where none can run. */
export async function openDocker(dir: string): Promise<Docker> {
  const home = join(dir, 'home')
  await mkdir(home)
  const state = join(dir, 'docker')
  const env: Record<string, string> = {
    PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C.UTF-8',
    HOME: home,
    DOCKER_CONFIG: home,
    DOCKER_HOST: `unix://${state}/docker.sock`,
    ...(await builderOf()),
    COMPOSE_PROJECT_NAME: 'packaging',
  }
  const daemon = startDaemon('dockerd', await daemonArguments(state), env)
  const bytes = (command: string, args: readonly string[], options: RunOptions = {}): Promise<Buffer> =>
    run(command, args, { ...options, env: { ...env, ...options.env } })
  const tell = async (command: string, args: readonly string[], options?: RunOptions): Promise<string> =>
    (await bytes(command, args, options)).toString().trim()
  const docker: Docker['docker'] = (args, options) => tell('docker', args, options)
  await waitUntilReady(daemon, () => docker(['version']), 60_000)
  return {
    docker,
    compose: (args, options) => tell('docker-compose', args, options),
    composeBytes: (args, options) => bytes('docker-compose', args, options),
    volumes: join(state, 'data', 'volumes'),
    [Symbol.asyncDispose]: () => daemon.stop(),
  }
}

/** BuildKit makes the stages side by side, and no layers of those that are thrown away. Clients from 23 on find it alone. */
async function builderOf(): Promise<Record<string, string>> {
  const said = (await run('docker', ['--version'])).toString()
  const isOld = Number(/version (\d+)/.exec(said)?.[1]) < 23
  return isOld ? { DOCKER_BUILDKIT: '1' } : {}
}
