import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { parse, stringify } from 'smol-toml'
import { createAuthority } from '../http/certificates.ts'
import { startCachalot } from '../support/cachalot.ts'
import { daemonArguments } from './access-docker-client.ts'
import { openAccessLab } from './access-lab.ts'
import { openOrSkip } from './exercise.ts'
import { type Lab, openLab } from './lab.ts'
import { missing, missingOrNotRoot, run, startDaemon, waitUntilReady } from './process.ts'
import { type Prepared, podmanOn, prepare } from './setup-script.ts'

const HUB = 'docker.io/library/hello:1'
const GHCR = 'ghcr.io/org/app:1'

function digestsOf({ images }: Lab): readonly (readonly [reference: string, digest: string])[] {
  return [
    [HUB, images['library/hello:1'].manifest.digest],
    [GHCR, images['org/app:1'].manifest.digest],
  ]
}

type Pull = (reference: string) => Promise<string | undefined>

/** Both registries are out of reach, so whatever is pulled came through the cache. */
async function pullsBoth(lab: Lab, pull: Pull): Promise<void> {
  for (const [reference, digest] of digestsOf(lab)) assert.equal(await pull(reference), digest)
}

/** A cache with TLS before the lab's upstreams, signed by an authority nobody knows. */
async function startSecure(t: TestContext, lab: Lab): Promise<{ base: string; ca: string }> {
  const authority = await createAuthority(t)
  const cache = await startCachalot(t, {
    upstreams: [
      { name: 'docker.io', url: lab.hub.url },
      { name: 'ghcr.io', url: lab.ghcr.url },
    ],
    config: { server: { tls: authority.sign('cache') } },
  })
  return { base: `https://127.0.0.1:${cache.port}`, ca: authority.caFile }
}

void test('podman as its script sets it up', {
  skip: missingOrNotRoot('podman', 'docker-registry'),
}, async (t) => {
  await using lab = await openLab()
  await t.test('by plain http, beside mirrors that were there', async () => {
    const mine = '[[registry]]\nlocation = "docker.io"\n[[registry.mirror]]\nlocation = "127.0.0.1:9"\n'
    const machine = await prepare(
      lab,
      { kind: 'podman', base: lab.cache.url },
      { '/etc/containers/registries.conf': mine },
    )
    await pullsBoth(lab, (await podmanOn(lab, machine)).pull)
    await machine.undo()
    assert.equal(await readFile(join(machine.root, 'etc/containers/registries.conf'), 'utf8'), mine)
  })
  await t.test('strict, and with nothing cached but here', async () => {
    const machine = await prepare(lab, { kind: 'podman', base: lab.cache.url, strict: true })
    await lab.stopUpstreams()
    await pullsBoth(lab, (await podmanOn(lab, machine)).pull)
    await lab.startUpstreams()
  })
  await t.test('by https with an authority of its own', async (t) => {
    const machine = await prepare(lab, { kind: 'crio', ...(await startSecure(t, lab)) })
    await pullsBoth(lab, (await podmanOn(lab, machine)).pull)
  })
})

void test('podman with a pull key', { skip: missingOrNotRoot('podman', 'docker-registry') }, async (t) => {
  await using access = await openAccessLab(t, 'none')
  const { lab, cache } = access
  const key = await access.keys.add('podman')
  const machine = await prepare(lab, { kind: 'podman', base: cache.url, key })
  await pullsBoth(lab, (await podmanOn(lab, machine)).pull)
  access.assertDiscreet()
})

void test('skopeo as its script sets it up', { skip: missing('skopeo', 'docker-registry') }, async () => {
  await using lab = await openLab()
  const machine = await prepare(lab, { kind: 'skopeo', base: lab.cache.url })
  const { env } = await podmanOn(lab, machine)
  for (const [reference, digest] of digestsOf(lab)) {
    const flags = ['inspect', '--no-tags', '--format', '{{.Digest}}', `docker://${reference}`]
    assert.equal((await run('skopeo', flags, { env })).toString().trim(), digest)
  }
})

/** A containerd of its own that reads the configuration of the machine. */
async function openContainerd(lab: Lab, { root }: Prepared) {
  const dir = join(root, 'containerd')
  await mkdir(dir)
  const file = join(dir, 'config.toml')
  const config = {
    version: 2,
    imports: [join(root, 'etc/containerd/config.toml')],
    root: join(dir, 'root'),
    state: join(dir, 'state'),
    grpc: { address: join(dir, 'sock') },
    ttrpc: { address: join(dir, 'sock.ttrpc') },
    disabled_plugins: ['io.containerd.grpc.v1.cri'],
    plugins: { 'io.containerd.internal.v1.opt': { path: join(dir, 'opt') } },
  }
  await writeFile(file, stringify(config))
  const daemon = startDaemon('containerd', ['-c', file], lab.env)
  const ctr = async (...args: string[]): Promise<string> =>
    (await run('ctr', ['-a', join(dir, 'sock'), ...args], { env: lab.env })).toString().trim()
  await waitUntilReady(daemon, () => ctr('version'))
  const pull: Pull = async (reference) => {
    const hosts = join(root, 'etc/containerd/certs.d')
    await ctr('images', 'pull', '--hosts-dir', hosts, '--snapshotter', 'native', reference)
    const [, image = ''] = (await ctr('images', 'ls', `name==${reference}`)).split('\n')
    return image.split(/\s+/)[2]
  }
  return { pull, [Symbol.asyncDispose]: () => daemon.stop() }
}

/** As much of it as is looked at. */
interface ContainerdConfig {
  readonly plugins: {
    readonly 'io.containerd.grpc.v1.cri': { readonly registry: { readonly config_path: string } }
  }
}

const CONTAINERD = missingOrNotRoot('containerd', 'ctr', 'docker-registry')

void test('containerd as its script sets it up', { skip: CONTAINERD }, async (t) => {
  await using lab = await openLab()
  await t.test('its own configuration names the folder', async () => {
    const machine = await prepare(lab, { kind: 'containerd', base: lab.cache.url })
    const file = join(machine.root, 'etc/containerd/config.toml')
    const dump = await run('containerd', ['-c', file, 'config', 'dump'], { env: lab.env })
    const told = parse(dump.toString()) as unknown as ContainerdConfig
    assert.equal(told.plugins['io.containerd.grpc.v1.cri'].registry.config_path, '/etc/containerd/certs.d')
  })
  const usual = { kind: 'containerd', base: lab.cache.url } as const
  const prepared = {
    'by plain http, beside a host that was there': () =>
      prepare(lab, usual, {
        '/etc/containerd/certs.d/docker.io/hosts.toml':
          '[host."http://127.0.0.1:9"]\n  capabilities = ["pull"]\n',
        '/etc/containerd/config.toml':
          'version = 2\n[plugins."io.containerd.grpc.v1.cri"]\n  sandbox_image = "x"\n',
      }),
    strict: () => prepare(lab, { ...usual, strict: true }),
    'by https with an authority of its own': async () =>
      prepare(
        lab,
        { kind: 'nerdctl', ...(await startSecure(t, lab)) },
        { '/etc/containerd/config.toml': '' },
      ),
  }
  for (const [name, make] of Object.entries(prepared)) {
    await t.test(name, async (t) => {
      const machine = await make()
      await using client = await openOrSkip(t, 'containerd', () => openContainerd(lab, machine))
      if (client !== undefined) await pullsBoth(lab, client.pull)
    })
  }
})

void test('containerd with a pull key', { skip: CONTAINERD }, async (t) => {
  await using access = await openAccessLab(t, 'none')
  const { lab, cache } = access
  const key = await access.keys.add('containerd')
  for (const strict of [false, true]) {
    const machine = await prepare(lab, { kind: 'containerd', base: cache.url, key, strict })
    await using client = await openOrSkip(t, 'containerd', () => openContainerd(lab, machine))
    if (client !== undefined) await pullsBoth(lab, client.pull)
  }
  access.assertDiscreet()
})

void test('dockerd as its script sets it up', {
  skip: missingOrNotRoot('dockerd', 'docker', 'docker-registry'),
}, async (t) => {
  await using lab = await openLab()
  const mine = '{ "debug": true, "registry-mirrors": ["http://127.0.0.1:9"] }'
  const machine = await prepare(
    lab,
    { kind: 'docker', base: lab.cache.url },
    { '/etc/docker/daemon.json': mine },
  )
  const dir = join(lab.dir, 'docker')
  const own = await daemonArguments(dir)
  const flags = own.with(own.indexOf('--config-file') + 1, join(machine.root, 'etc/docker/daemon.json'))
  const socket = `unix://${dir}/docker.sock`
  const docker = async (...args: string[]): Promise<string> =>
    (await run('docker', ['-H', socket, ...args], { env: lab.env })).toString().trim()
  await using daemon = await openOrSkip(t, 'dockerd', async () => {
    const started = startDaemon('dockerd', flags, lab.env)
    await waitUntilReady(started, () => docker('version'), 60_000)
    return { [Symbol.asyncDispose]: () => started.stop() }
  })
  if (daemon === undefined) return
  const digestOf = async (reference: string): Promise<string | undefined> => {
    await docker('pull', '--quiet', reference)
    return (await docker('image', 'inspect', '--format', '{{index .RepoDigests 0}}', reference)).split('@')[1]
  }
  assert.equal(await digestOf('hello:1'), lab.images['library/hello:1'].manifest.digest)
  // The address in front of the name works too: insecure-registries names it.
  assert.equal(await digestOf(`${lab.cache.host}/${GHCR}`), lab.images['org/app:1'].manifest.digest)
  await machine.undo()
  assert.equal(await readFile(join(machine.root, 'etc/docker/daemon.json'), 'utf8'), mine)
})
