import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Lab } from './lab.ts'
import { run, startDaemon, waitUntilReady } from './process.ts'

/** A Docker daemon with everything of its own below the lab, and without any network. */
export interface DockerDaemon extends AsyncDisposable {
  docker(args: readonly string[], input?: Uint8Array): Promise<string>
  log(): string
}

/** `flags`: further ones of dockerd. Rejects with its log where it does not start. */
export async function startDocker(lab: Lab, flags: readonly string[] = []): Promise<DockerDaemon> {
  const dir = join(lab.dir, 'docker')
  await mkdir(dir)
  const socket = `unix://${dir}/docker.sock`
  const state = [
    '--data-root',
    join(dir, 'data'),
    '--exec-root',
    join(dir, 'exec'),
    '--pidfile',
    join(dir, 'pid'),
  ]
  const network = ['--bridge', 'none', '--iptables=false', '--ip6tables=false']
  // This machine's own daemon.json could contradict the flags.
  const config = join(dir, 'daemon.json')
  await writeFile(config, '{}')
  const daemon = startDaemon(
    'dockerd',
    [...state, ...network, ...flags, '--config-file', config, '-H', socket],
    lab.env,
  )
  const docker: DockerDaemon['docker'] = async (args, input) => {
    const options = { env: lab.env, ...(input === undefined ? {} : { input }) }
    return (await run('docker', ['-H', socket, ...args], options)).toString().trim()
  }
  await waitUntilReady(daemon, () => docker(['version']), 60_000)
  return { docker, log: () => daemon.log(), [Symbol.asyncDispose]: () => daemon.stop() }
}
