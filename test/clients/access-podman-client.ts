import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encoded, type Login } from './access-lab.ts'
import type { Lab } from './lab.ts'
import { run } from './process.ts'

export interface Podman {
  /** Its words, right or wrong. */
  login(host: string, login: Login): Promise<string>
  /** Pulls and gives the digest. */
  pull(reference: string): Promise<string>
  remove(reference: string): Promise<void>
  /** Uses these mirrors of Docker Hub from now on, "127.0.0.1:5000/docker.io". */
  mirror(...locations: string[]): Promise<void>
  /** Keeps these logins by registry, and no others, as `podman login` would have, without asking anybody. */
  keepLogins(logins: Readonly<Record<string, Login>>): Promise<void>
}

/**
 * podman with everything of its own below the lab, for registries on loopback without TLS. What it takes for
 * Docker Hub has no image at all, so that each one comes from a mirror.
 */
export async function openPodman(lab: Lab): Promise<Podman> {
  const dir = join(lab.dir, 'podman')
  await mkdir(dir)
  const registries = join(dir, 'registries.conf')
  const logins = join(dir, 'auth.json')
  const env = { ...lab.env, CONTAINERS_REGISTRIES_CONF: registries, REGISTRY_AUTH_FILE: logins }
  const state = ['--root', join(dir, 'root'), '--runroot', join(dir, 'run'), '--tmpdir', join(dir, 'tmp')]
  const podman = async (args: readonly string[], input?: string): Promise<string> => {
    const options = { env, ...(input === undefined ? {} : { input: Buffer.from(input) }) }
    return (await run('podman', [...state, '--storage-driver', 'vfs', ...args], options)).toString().trim()
  }
  const empty = `${new URL(lab.hub.url).host}/nobody`
  const client: Podman = {
    login: (host, { name, password }) =>
      podman(['login', '--tls-verify=false', '-u', name, '--password-stdin', host], password),
    async pull(reference) {
      const insecure = reference.startsWith('127.') ? ['--tls-verify=false'] : []
      await podman(['pull', '--quiet', ...insecure, reference])
      return await podman(['image', 'inspect', '--format', '{{.Digest}}', reference])
    },
    remove: async (reference) => void (await podman(['rmi', '--force', reference])),
    mirror: (...locations) => writeFile(registries, renderRegistries(empty, locations)),
    keepLogins: (kept) => writeFile(logins, JSON.stringify({ auths: authsOf(kept) })),
  }
  await client.mirror()
  await client.keepLogins({})
  return client
}

function renderRegistries(hub: string, mirrors: readonly string[]): string {
  const tables = [
    `[[registry]]\nprefix = "docker.io"\nlocation = "${hub}"\n`,
    ...mirrors.map((location) => `[[registry.mirror]]\nlocation = "${location}"\n`),
  ]
  return tables.map((table) => `${table}insecure = true\n`).join('')
}

function authsOf(logins: Readonly<Record<string, Login>>): object {
  return Object.fromEntries(
    Object.entries(logins).map(([registry, login]) => [registry, { auth: encoded(login) }]),
  )
}
