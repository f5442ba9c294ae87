import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'smol-toml'
import { openDb } from '../../src/db/open.ts'
import { digestOf } from '../../src/domain/digest.ts'
import { openOrSkip } from '../clients/exercise.ts'
import { releaseMounts } from '../clients/mounts.ts'
import { findPort, missingOrNotRoot, run } from '../clients/process.ts'
import { type FakeGit, startFakeGit } from '../support/fake-git.ts'
import { openGitClient } from '../support/fake-git-client.ts'
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts'
import { fetchAll } from '../support/http.ts'
import { provideBase } from './base-image.ts'
import { type Docker, openDocker } from './docker.ts'
import { nameOf, readLock, startNpmRegistry } from './npm-registry.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const CONTAINER = 'packaging_cachalot_1'
const MIB = 1024 * 1024

void test('the image is built and runs as docker-compose.yml says', {
  skip: missingOrNotRoot('dockerd', 'docker', 'docker-compose', 'debootstrap', 'skopeo', 'git'),
}, async (t) => {
  await using opened = new AsyncDisposableStack()
  const dir = await mkdtemp(join(tmpdir(), 'cachalot-packaging-'))
  opened.defer(async () => {
    await releaseMounts(dir)
    await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  })
  const docker = await openOrSkip(t, 'dockerd', () => openDocker(dir))
  if (docker === undefined) return
  opened.use(docker)
  const base = await openOrSkip(t, 'the base image', async () => {
    await provideBase(docker, dir)
    return true
  })
  if (base === undefined) return
  const hub = opened.adopt(await startFakeUpstream(), (one) => one.close())
  const git = await startFakeGit(t)
  const built = await build(t, docker)
  if (!built) return

  const port = await findPort()
  const files = await composeFiles({ dir, port, hub, docker, git })
  const composed = ['-f', files]
  await docker.compose([...composed, 'up', '-d', '--no-build'])
  const inside = (...words: string[]) => docker.docker(['exec', CONTAINER, ...words])

  await t.test('it is healthy, by its own check', () => waitUntilHealthy(docker))
  await t.test('it runs as an ordinary user who can change nothing but the data', async () => {
    assert.equal(await inside('id', '-u'), '1000')
    await assert.rejects(inside('touch', '/app/src/main.ts'), /Read-only file system|Permission denied/)
    await assert.rejects(inside('touch', '/tmp/x'), /Read-only file system/)
    assert.equal(await inside('stat', '--format', '%U %a', '/app/src/main.ts', '/data'), 'root 755\nnode 750')
    assert.equal(await inside('find', '/app', '-user', 'node'), '')
    await inside('cachalot', 'stats')
  })
  await t.test('it holds what a server needs and nothing that only building needs', () => assertLean(inside))
  await t.test('skopeo pulls through it, and again without the upstream', () => pulls({ dir, port, hub }))
  await t.test('git clones from a mirror in it', () => clones(t, { port, git }))
  await t.test('docker stop lets a running pull finish, in time', () => stops(t, { docker, port, hub }))
  await t.test('and it starts again with what it had', async () => {
    await hub.stop()
    await docker.docker(['start', CONTAINER])
    await waitUntilHealthy(docker)
    await pull(dir, port, 'again')
    assert.doesNotMatch(await docker.docker(['logs', CONTAINER]), /was killed|damaged/)
    await hub.start()
  })
  await t.test('what was backed up while it ran is restored into an empty volume', async () => {
    const archive = await docker.composeBytes([
      ...composed,
      'exec',
      '-T',
      'cachalot',
      'cachalot',
      'backup',
      '-',
      '--with-content',
    ])
    await docker.compose([...composed, 'down', '--volumes'])
    // As the README says.
    const restore = 'rm -f /data/cachalot.db*; tar -xC /data'
    await docker.compose(
      [...composed, 'run', '--rm', '-T', '--entrypoint', 'sh', 'cachalot', '-c', restore],
      { input: archive },
    )
    await hub.stop()
    await docker.compose([...composed, 'up', '-d', '--no-build'])
    await waitUntilHealthy(docker)
    await pull(dir, port, 'restored')
  })
  await t.test('docker-compose down stops it in time', async () => {
    await docker.compose([...composed, 'down'])
    assert.equal(await docker.docker(['ps', '--all', '--quiet']), '')
  })
})

/** False where this machine's npm cache does not hold the packages. */
async function build(t: TestContext, docker: Docker): Promise<boolean> {
  await using registry = await startNpmRegistry(ROOT)
  if (registry === undefined) {
    t.skip("npm's cache on this machine does not hold the packages")
    return false
  }
  const began = performance.now()
  const packages = ['--build-arg', `NPM_CONFIG_REGISTRY=${registry.url}`, '--network', 'host']
  await docker.docker(['build', ...packages, '--tag', 'cachalot', ROOT], { timeout: 240_000 })
  const seconds = (performance.now() - began) / 1000
  const sizes = ['cachalot', 'node:26-slim'].map(async (image) =>
    Number(await docker.docker(['image', 'inspect', '--format', '{{.Size}}', image])),
  )
  const [whole = 0, base = 0] = await Promise.all(sizes)
  const inMib = (bytes: number) => (bytes / MIB).toFixed(0)
  t.diagnostic(
    `built in ${seconds.toFixed(0)} s; ${inMib(whole)} MiB, ${inMib(whole - base)} of them above the base`,
  )
  return true
}

interface Place {
  readonly dir: string
  readonly port: number
  readonly hub: FakeUpstream
  readonly docker: Docker
}

/** docker-compose.yml with a configuration of the test's, on the host's network: there is no other one here. */
async function composeFiles({
  dir,
  port,
  hub,
  docker,
  git,
}: Place & { readonly git: FakeGit }): Promise<string> {
  const config = join(dir, 'config.toml')
  await writeFile(
    config,
    stringify({
      server: { listen: `127.0.0.1:${port}` },
      storage: { min_free: '0' },
      github: { urls: { 'github.com': git.url } },
      upstream: [{ name: 'docker.io', url: hub.url, default: true }],
    }),
  )
  const service = {
    network_mode: 'host',
    volumes: [`${config}:/app/config.toml:ro`],
    healthcheck: { interval: '1s' },
  }
  const over = join(dir, 'over.yml')
  // JSON is YAML.
  await writeFile(over, JSON.stringify({ services: { cachalot: service } }))
  const merged = await docker.compose(['-f', join(ROOT, 'docker-compose.yml'), '-f', over, 'config'])
  const file = join(dir, 'merged.yml')
  // Ports and the host's network exclude each other, and an override can only add ports.
  assert.match(merged, /^ {4}ports:\n {4}- .*5000/m)
  await writeFile(file, merged.replace(/^ {4}ports:\n(?: {4}-.*\n| {6}.*\n)+/m, ''))
  return file
}

async function waitUntilHealthy(docker: Docker): Promise<void> {
  const state = '{{.State.Status}} {{.State.Health.Status}}'
  for (let tries = 0; tries < 120; tries++) {
    const now = await docker.docker(['inspect', '--format', state, CONTAINER])
    if (now === 'running healthy') return
    if (!now.startsWith('running')) break
    await sleep(250)
  }
  assert.fail(`it is not healthy: ${await docker.docker(['logs', CONTAINER])}`)
}

async function assertLean(inside: (...words: string[]) => Promise<string>): Promise<void> {
  const lock = readLock(ROOT)
  const found = await inside(
    'find',
    '/app/node_modules',
    '-name',
    'package.json',
    '-path',
    '*/node_modules/*',
  )
  const folders = found
    .split('\n')
    .map((file) => file.slice('/app/'.length, -'/package.json'.length))
    .filter((folder) => lock.has(folder))
  assert.ok(folders.includes('node_modules/better-sqlite3'), 'the packages were not found')
  assert.deepEqual(
    folders.filter((folder) => lock.get(folder)?.dev === true),
    [],
  )
  const dev = [...lock].filter(([, { dev }]) => dev === true).map(([folder]) => nameOf(folder))
  assert.ok(dev.includes('typescript') && dev.includes('vite'))
  for (const tool of ['npm', 'npx', 'gcc', 'make', 'python3', 'tsc', 'vite'])
    await assert.rejects(inside('which', tool), `${tool} is there`)
  await inside('git', '--version')
  await inside('test', '-s', '/etc/ssl/certs/ca-certificates.crt')
  await inside('test', '-s', '/app/ui/dist/index.html')
  await assert.rejects(inside('ls', '/app/test'))
}

/** The digest of an image, as skopeo copied it. */
async function pull(dir: string, port: number, name: string): Promise<string> {
  const source = ['--src-tls-verify=false', `docker://127.0.0.1:${port}/library/app:1`]
  const to = join(dir, `copy-${name}`)
  await run('skopeo', ['--insecure-policy', 'copy', ...source, `dir:${to}`])
  return digestOf(await readFile(join(to, 'manifest.json')))
}

async function pulls({ dir, port, hub }: Omit<Place, 'docker'>): Promise<void> {
  const image = hub.addImage('library/app', { tags: ['1'], layerKind: 'tar+gzip' })
  assert.equal(await pull(dir, port, 'cold'), image.manifest.digest)
  await hub.stop()
  assert.equal(await pull(dir, port, 'warm'), image.manifest.digest)
  await hub.start()
}

async function clones(t: TestContext, { port, git }: { port: number; git: FakeGit }): Promise<void> {
  const repository = await git.create('owner/repo')
  await repository.commit({ 'a.txt': 'a' })
  const client = await openGitClient(t, { cache: `http://127.0.0.1:${port}` })
  const { code, err } = await client.run('clone', 'https://github.com/owner/repo', 'one')
  assert.equal(code, 0, err)
  const { length } = git.asked('fetch')
  assert.equal((await client.run('clone', 'https://github.com/owner/repo', 'two')).code, 0)
  assert.equal(git.asked('fetch').length, length, 'the second one came from the mirror')
}

async function stops(t: TestContext, { docker, port, hub }: Omit<Place, 'dir'>): Promise<void> {
  const image = hub.addImage('library/big', { tags: ['1'], layers: [6 * MIB] })
  const [layer] = image.layers
  assert.ok(layer)
  hub.bandwidth = 4 * MIB
  const pulling = fetchAll(`http://127.0.0.1:${port}/v2/library/big/blobs/${layer.digest}`)
  await hub.requests.waitFor(({ kind, ref }) => kind === 'blob' && ref === layer.digest)
  const began = performance.now()
  await docker.docker(['stop', CONTAINER])
  const seconds = (performance.now() - began) / 1000
  const { body } = await pulling
  assert.equal(digestOf(body), layer.digest)
  t.diagnostic(`stopped in ${seconds.toFixed(1)} s with a pull of 1.5 s under way`)
  assert.equal(await docker.docker(['inspect', '--format', '{{.State.ExitCode}}', CONTAINER]), '0')
  const db = openDb(join(docker.volumes, 'packaging_cachalot', '_data', 'cachalot.db'))
  try {
    assert.equal(db.pragma('integrity_check', { simple: true }), 'ok')
    const closed = db.prepare("SELECT value FROM facts WHERE name = 'closed'").pluck().get()
    assert.equal(closed, 'yes')
  } finally {
    db.close()
  }
}
