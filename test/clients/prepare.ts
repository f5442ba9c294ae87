import { spawnSync } from 'node:child_process'
import { findBinary } from './process.ts'

/** Every program the client tests and the benchmark use, with the Debian packages that may hold it. */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  skopeo: ['skopeo'],
  podman: ['podman'],
  crun: ['crun'],
  runc: ['runc'],
  containerd: ['containerd'],
  ctr: ['containerd'],
  dockerd: ['docker.io'],
  docker: ['docker-cli', 'docker.io'],
  'docker-registry': ['docker-registry'],
  busybox: ['busybox-static'],
  nginx: ['nginx-light'],
  wrk: ['wrk'],
  lego: ['lego'],
  pebble: ['pebble'],
  'pebble-challtestsrv': ['pebble'],
  chromium: ['chromium'],
}

/** Names of the programs that are not on this machine. */
export function findMissing(): string[] {
  return Object.keys(PROGRAMS).filter((name) => findBinary(name) === undefined)
}

/**
 * Installs the missing clients where that is possible, as root on Debian; does nothing when all are there. Gives
 * the names that are still missing: their tests are skipped by name.
 */
export function prepareClients(): string[] {
  const missing = findMissing()
  if (missing.length === 0 || process.getuid?.() !== 0 || findBinary('apt-get') === undefined) return missing
  install(missing)
  return findMissing()
}

function install(programs: readonly string[]): void {
  apt('update')
  const packages = new Set(programs.flatMap((name) => PROGRAMS[name] ?? []).filter(isKnownToApt))
  if (packages.size > 0) apt('install', '--yes', '--no-install-recommends', ...packages)
}

function isKnownToApt(name: string): boolean {
  const shown = spawnSync('apt-cache', ['show', '--no-all-versions', name], { stdio: 'ignore' })
  return shown.status === 0
}

/** Failure is no reason to stop: a machine without a package source tests with what it has. */
function apt(...args: string[]): void {
  const options = ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Dpkg::Use-Pty=0', '--quiet']
  // Run level 1 keeps the packages' scripts from starting the daemons they bring.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const done = spawnSync('apt-get', [...options, ...args], { env, encoding: 'utf8', timeout: 600_000 })
  if (done.status !== 0) console.error(`apt-get ${args[0]} failed: ${done.stderr || String(done.error)}`)
}

if (import.meta.main) {
  const missing = prepareClients()
  console.log(
    missing.length === 0 ? 'all clients are installed' : `clients missing here: ${missing.join(', ')}`,
  )
}
