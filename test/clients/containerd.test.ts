import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { exercise, exerciseStale, openOrSkip, type PullClient } from './exercise.ts'
import { GREETING } from './fixtures.ts'
import { findBusybox } from './images.ts'
import { type Lab, openLab } from './lab.ts'
import { missingOrNotRoot, run, startDaemon, waitUntilReady } from './process.ts'

interface Containerd extends AsyncDisposable {
  ctr(args: readonly string[]): Promise<string>
  /** A client that finds its registries in this folder of hosts.toml files. */
  client(hosts: string): PullClient
}

/** A containerd of its own; the native snapshotter mounts nothing. */
async function openContainerd(lab: Lab): Promise<Containerd> {
  const dir = join(lab.dir, 'containerd')
  await mkdir(dir)
  const file = join(dir, 'config.toml')
  await writeFile(file, renderConfig(dir))
  const daemon = startDaemon('containerd', ['-c', file], lab.env)
  const ctr = async (args: readonly string[]): Promise<string> =>
    (await run('ctr', ['-a', join(dir, 'sock'), ...args], { env: lab.env })).toString().trim()
  await waitUntilReady(daemon, () => ctr(['version']))
  const client = (hosts: string): PullClient => ({
    async pull(reference) {
      await ctr(['images', 'pull', '--hosts-dir', hosts, '--snapshotter', 'native', reference])
      const [, image = ''] = (await ctr(['images', 'ls', `name==${reference}`])).split('\n')
      return image.split(/\s+/)[2]
    },
    remove: async (reference) => void (await ctr(['images', 'rm', '--sync', reference])),
    log: () => daemon.log(),
  })
  return { ctr, client, [Symbol.asyncDispose]: () => daemon.stop() }
}

function renderConfig(dir: string): string {
  return `version = 2
root = "${dir}/root"
state = "${dir}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "${dir}/sock"
[ttrpc]
address = "${dir}/sock.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
path = "${dir}/opt"
`
}

interface Hosts {
  /** Registry the file is for, or "_default". */
  readonly registry: string
  readonly url: string
  readonly override?: boolean
}

/** Writes hosts.toml files that name the cache alone, so that nothing ever goes to the registry itself. */
async function writeHosts(dir: string, entries: readonly Hosts[]): Promise<string> {
  for (const { registry, url, override } of entries) {
    const options = override === true ? 'override_path = true\n' : ''
    await mkdir(join(dir, registry), { recursive: true })
    await writeFile(
      join(dir, registry, 'hosts.toml'),
      `server = "${url}"\n${options}[host."${url}"]\n${options}capabilities = ["pull", "resolve"]\n`,
    )
  }
  return dir
}

void test('containerd pulls through the cache', {
  skip: missingOrNotRoot('containerd', 'ctr', 'docker-registry'),
}, async (t) => {
  await using lab = await openLab()
  await using containerd = await openOrSkip(t, 'containerd', () => openContainerd(lab))
  if (containerd === undefined) return
  const unable = await cannotRun(lab, containerd)
  const { images } = lab
  const { url } = lab.cache
  let count = 0
  const greets = (reference: string) => async () => {
    if (unable !== undefined) return
    count += 1
    await containerd.ctr(runArguments(reference, `greets-${count}`))
  }
  const oneHost = await writeHosts(join(lab.dir, 'hosts-one'), [
    { registry: 'docker.io', url },
    { registry: 'ghcr.io', url },
  ])
  const cases = [
    { reference: 'docker.io/busybox-test/hello:1', digest: images['busybox-test/hello:1'].manifest.digest },
    { reference: 'docker.io/library/hello:1', digest: images['library/hello:1'].manifest.digest },
    { reference: 'ghcr.io/org/app:1', digest: images['org/app:1'].manifest.digest },
    { reference: 'ghcr.io/org/multi:1', digest: images['org/multi:1'].manifest.digest },
    { reference: 'ghcr.io/org/zstd:1', digest: images['org/zstd:1'].manifest.digest },
  ].map((each) => ({ ...each, lab, client: containerd.client(oneHost), check: greets(each.reference) }))
  for (const each of cases) await exercise(t, each)
  const many = { reference: 'ghcr.io/org/many:1', digest: images['org/many:1'].manifest.digest }
  await exercise(t, { ...many, lab, client: containerd.client(oneHost) })
  await exerciseStale(t, cases)

  await t.test('each registry was asked for its own names only', () => {
    assert.deepEqual(
      lab.hub.requests.filter(({ path }) => path.includes('/org/')),
      [],
    )
    assert.deepEqual(
      lab.ghcr.requests.filter(({ path }) => path.includes('hello/manifests')),
      [],
    )
  })

  const { digest } = images['org/app:1'].manifest
  const shapes: Record<string, Hosts> = {
    'a host with the registry in an overriding path': {
      registry: 'ghcr.io',
      url: `${url}/v2/ghcr.io`,
      override: true,
    },
    'a host with the registry before /v2': { registry: 'ghcr.io', url: `${url}/ghcr.io` },
    'a host for every registry': { registry: '_default', url },
  }
  for (const [name, hosts] of Object.entries(shapes)) {
    await t.test(`${name} reaches the same cache entry`, async () => {
      const client = containerd.client(await writeHosts(join(lab.dir, `hosts ${name}`), [hosts]))
      const before = lab.requests().length
      assert.equal(await client.pull('ghcr.io/org/app:1'), digest)
      assert.equal(await client.pull(`ghcr.io/org/app@${digest}`), digest)
      await client.remove('ghcr.io/org/app:1')
      await client.remove(`ghcr.io/org/app@${digest}`)
      assert.deepEqual(lab.requests().slice(before), [])
    })
  }
  await t.test('ctr runs what it pulled', { skip: unable ?? false }, () => undefined)
})

/** The exit status says whether the greeting is there: ctr now and then loses what a short container prints. */
function runArguments(reference: string, name: string): string[] {
  const command = ['/bin/busybox', 'grep', '-qx', GREETING, '/greeting']
  return ['run', '--rm', '--snapshotter', 'native', reference, name, ...command]
}

/** Why this machine runs no containers at all, with or without a cache; undefined when it does. */
async function cannotRun(lab: Lab, containerd: Containerd): Promise<string | undefined> {
  const busybox = findBusybox()
  if (busybox === undefined) return 'busybox-static is not installed'
  const rootfs = join(lab.dir, 'rootfs')
  await mkdir(join(rootfs, 'bin'), { recursive: true })
  await writeFile(join(rootfs, 'bin/busybox'), busybox, { mode: 0o755 })
  try {
    await containerd.ctr(['run', '--rm', '--rootfs', rootfs, 'probe', '/bin/busybox', 'true'])
    return undefined
  } catch (error) {
    return `ctr runs no containers here: ${String(error)}`
  }
}
