import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encoded, type Login } from './access-lab.ts'
import type { Lab } from './lab.ts'
import { run, startDaemon, waitUntilReady } from './process.ts'

export interface Docker extends AsyncDisposable {
  docker(args: readonly string[], input?: string): Promise<string>
  /** Its words, right or wrong. */
  login(host: string, login: Login): Promise<string>
  /** Pulls and gives the digest. */
  pull(reference: string): Promise<string | undefined>
  remove(reference: string): Promise<void>
  /** Keeps a login for a registry as `docker login` would have, without asking it. */
  keepLogin(registry: string, login: Login): Promise<void>
  /** What its daemon printed. */
  log(): string
}

/** The name under which Docker keeps the login of Docker Hub. */
export const DOCKER_HUB = 'https://index.docker.io/v1/'

/** Whether the daemon of this machine takes a mirror with a path. */
export async function takesPaths(): Promise<boolean> {
  const said = await run('dockerd', ['--version'])
  return Number(/version (\d+)/.exec(said.toString())?.[1]) >= 25
}

/** The daemon's arguments for a life of its own below `dir`, without any network. */
export async function daemonArguments(dir: string): Promise<string[]> {
  const folders = { '--data-root': 'data', '--exec-root': 'exec', '--pidfile': 'pid' }
  const state = Object.entries(folders).flatMap(([flag, name]) => [flag, join(dir, name)])
  await mkdir(dir)
  // This machine's own daemon.json could contradict the flags.
  const config = join(dir, 'daemon.json')
  await writeFile(config, '{}')
  const network = ['--bridge', 'none', '--iptables=false', '--ip6tables=false']
  return [...state, ...network, '--config-file', config, '-H', `unix://${dir}/docker.sock`]
}

/** A Docker daemon with these mirrors of Docker Hub, and a client with logins of its own. */
export async function openDocker(lab: Lab, mirrors: readonly string[]): Promise<Docker> {
  const dir = join(lab.dir, 'docker')
  const mirrored = mirrors.flatMap((mirror) => ['--registry-mirror', mirror])
  const registries = [...mirrored, '--insecure-registry', '127.0.0.0/8']
  const daemon = startDaemon('dockerd', [...(await daemonArguments(dir)), ...registries], lab.env)
  const logins = join(dir, 'logins')
  await mkdir(logins)
  const env = { ...lab.env, DOCKER_CONFIG: logins }
  const docker = async (args: readonly string[], input?: string): Promise<string> => {
    const options = { env, ...(input === undefined ? {} : { input: Buffer.from(input) }) }
    return (await run('docker', ['-H', `unix://${dir}/docker.sock`, ...args], options)).toString().trim()
  }
  await waitUntilReady(daemon, () => docker(['version']), 60_000)
  return {
    docker,
    login: (host, { name, password }) => docker(['login', '-u', name, '--password-stdin', host], password),
    async pull(reference) {
      await docker(['pull', '--quiet', reference])
      const named = await docker(['image', 'inspect', '--format', '{{index .RepoDigests 0}}', reference])
      return named.split('@')[1]
    },
    remove: async (reference) => void (await docker(['rmi', '--force', reference])),
    keepLogin: (registry, login) =>
      writeFile(
        join(logins, 'config.json'),
        JSON.stringify({ auths: { [registry]: { auth: encoded(login) } } }),
      ),
    log: () => daemon.log(),
    [Symbol.asyncDispose]: () => daemon.stop(),
  }
}
