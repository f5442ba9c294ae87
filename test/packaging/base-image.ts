import { spawnSync } from 'node:child_process'
import { cp, link, mkdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { findBinary, run } from '../clients/process.ts'
import type { Docker } from './docker.ts'

const ROOT = join(import.meta.dirname, '..', '..')
/** Beside the installed packages: it goes with them, and comes back the next time it is needed. */
const CACHE = join(ROOT, 'node_modules', '.cache', 'cachalot-tests')
const NODE = join(ROOT, 'node_modules', 'node', 'bin', 'node')

/** What the Debian of the stand-in has beyond the smallest one: what Node needs, and what the Dockerfile installs. */
const PACKAGES = ['libstdc++6', 'libatomic1', 'ca-certificates', 'git']
/** As Debian's own slim images leave them out. */
const LEFT_OUT = [
  'usr/share/doc',
  'usr/share/man',
  'usr/share/locale',
  'var/cache/apt',
  'var/lib/apt/lists',
  'dev',
]

/**
 * Gives the daemon an image called node:26-slim, made of this machine's Debian and the Node that the tests run on. Its
 * list of package sources is empty, so that `apt-get` in it is done at once and asks nobody. Throws where it cannot be
 * made: without root, or without a mirror of Debian the first time.
 */
export async function provideBase(docker: Docker, dir: string): Promise<void> {
  const system = await systemTar(dir)
  await docker.docker(['import', system, 'stand-in/debian'], { timeout: 120_000 })
  const context = join(dir, 'base')
  await mkdir(context)
  await linkOrCopy(NODE, join(context, 'node'))
  await cp(await npmFolder(), join(context, 'npm'), { recursive: true })
  await writeFile(join(context, 'Dockerfile'), BASE)
  await docker.docker(['build', '--network', 'host', '--tag', 'node:26-slim', context], { timeout: 120_000 })
}

/** As the image of Node describes itself, as far as anything depends on it. */
const BASE = `FROM stand-in/debian
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \\
 && groupadd --gid 1000 node \\
 && useradd --uid 1000 --gid node --shell /bin/bash --create-home node
CMD ["node"]
`

/** Debian's smallest system in one archive, made the first time. */
async function systemTar(dir: string): Promise<string> {
  const release = await codename()
  const file = join(CACHE, `debian-${release}-${process.arch}.tar`)
  if ((await stat(file).catch(() => undefined)) !== undefined) return file
  const root = join(dir, 'debian')
  const include = `--include=${PACKAGES.join(',')}`
  await run('debootstrap', ['--variant=minbase', include, release, root, mirror()], { timeout: 300_000 })
  await writeFile(join(root, 'etc/apt/sources.list'), '')
  await mkdir(CACHE, { recursive: true })
  const half = `${file}.${process.pid}.half`
  const without = LEFT_OUT.map((path) => `--exclude=./${path}/*`)
  try {
    await run('tar', ['--create', '--file', half, '--directory', root, ...without, '.'], { timeout: 120_000 })
    await rename(half, file)
  } finally {
    await rm(half, { force: true })
    await rm(root, { recursive: true, force: true })
  }
  return file
}

async function codename(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8')
  const [, name] = /^VERSION_CODENAME=(\w+)$/m.exec(text) ?? []
  if (name === undefined) throw new Error('/etc/os-release names no release of Debian')
  return name
}

/** Where this machine's own packages come from. */
function mirror(): string {
  const asked = ['indextargets', '--format', '$(REPO_URI) $(ORIGIN)', 'Created-By: Packages']
  const { stdout } = spawnSync('apt-get', asked, { encoding: 'utf8' })
  const [, site] = /^(\S+) Debian$/m.exec(stdout ?? '') ?? []
  if (site === undefined) throw new Error('apt does not know where packages of Debian come from')
  return site
}

/** The npm that runs these tests, or else the one in the PATH. */
async function npmFolder(): Promise<string> {
  const cli = process.env['npm_execpath'] ?? (await realpath(findBinary('npm') ?? 'npm'))
  return dirname(dirname(cli))
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(() => cp(from, to))
}
