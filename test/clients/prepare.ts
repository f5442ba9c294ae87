import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
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
  go: ['golang-go'],
  curl: ['curl'],
  wget: ['wget'],
  aria2c: ['aria2'],
  git: ['git'],
  'git-lfs': ['git-lfs'],
  'docker-compose': ['docker-compose'],
  debootstrap: ['debootstrap'],
  'systemd-analyze': ['systemd'],
  prometheus: ['prometheus'],
  promtool: ['prometheus'],
}

/** What it takes to make a Python of our own for a client that Debian does not have. */
const VENV = { package: 'python3-venv', modules: 'import ensurepip, venv' }

/** Without any font of Chinese a browser draws boxes; no test is skipped for that, but nobody can look at its pictures. */
const FONT = { package: 'fonts-wqy-microhei', file: '/usr/share/fonts/truetype/wqy/wqy-microhei.ttc' }

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
  const wanted = packagesFor(missing, { font: existsSync(FONT.file), venv: hasVenv() })
  if (wanted.length === 0 || process.getuid?.() !== 0 || findBinary('apt-get') === undefined) return missing
  install(wanted)
  return findMissing()
}

/** Debian packages that may bring what is missing. */
export function packagesFor(
  programs: readonly string[],
  has: { readonly font: boolean; readonly venv: boolean },
): readonly string[] {
  const packages = programs.flatMap((name) => PROGRAMS[name] ?? [])
  return [...new Set([...packages, ...(has.font ? [] : [FONT.package]), ...(has.venv ? [] : [VENV.package])])]
}

function hasVenv(): boolean {
  const python = findBinary('python3')
  return python !== undefined && spawnSync(python, ['-c', VENV.modules], { stdio: 'ignore' }).status === 0
}

function install(wanted: readonly string[]): void {
  apt('update')
  const packages = wanted.filter(isKnownToApt)
  if (packages.length > 0) apt('install', '--yes', '--no-install-recommends', ...packages)
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
