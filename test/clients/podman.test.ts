import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { exercise, exerciseStale, type PullClient } from './exercise.ts'
import { GREETING } from './fixtures.ts'
import { createTar, findBusybox } from './images.ts'
import { type Lab, openLab } from './lab.ts'
import { findBinary, missingOrNotRoot, run } from './process.ts'

interface Podman extends PullClient {
  run(reference: string, ...command: string[]): Promise<string>
  /** Loads an image from a tar of its files, without any registry. */
  load(tar: Buffer, name: string): Promise<void>
}

/** podman with everything of its own below the lab, mirrors for ghcr.io by path and for docker.io by host. */
async function openPodman(lab: Lab): Promise<Podman> {
  const dir = join(lab.dir, 'podman')
  await mkdir(dir)
  await writeFile(join(dir, 'registries.conf'), renderRegistries(lab.cache.host))
  await writeFile(join(dir, 'containers.conf'), renderEngine(dir))
  const env = {
    ...lab.env,
    CONTAINERS_REGISTRIES_CONF: join(dir, 'registries.conf'),
    CONTAINERS_CONF: join(dir, 'containers.conf'),
  }
  const state = ['--root', join(dir, 'root'), '--runroot', join(dir, 'run'), '--tmpdir', join(dir, 'tmp')]
  const podman = async (...args: string[]): Promise<string> => {
    const stdout = await run('podman', [...state, '--storage-driver', 'vfs', ...args], { env })
    return stdout.toString().trim()
  }
  return {
    async pull(reference) {
      await podman('pull', '--quiet', reference)
      return await podman('image', 'inspect', '--format', '{{.Digest}}', reference)
    },
    remove: async (reference) => void (await podman('rmi', '--force', reference)),
    run: (reference, ...command) => podman('run', '--rm', '--network', 'none', reference, ...command),
    async load(tar, name) {
      await run('podman', [...state, '--storage-driver', 'vfs', 'import', '-', name], { env, input: tar })
    },
  }
}

function renderRegistries(host: string): string {
  return `[[registry]]
prefix = "docker.io"
location = "docker.io"
[[registry.mirror]]
location = "${host}"
insecure = true

[[registry]]
prefix = "ghcr.io"
location = "ghcr.io"
[[registry.mirror]]
location = "${host}/ghcr.io"
insecure = true

[[registry]]
location = "${host}"
insecure = true
`
}

/** Limits of open files stay below what a container may set; runc also takes hybrid cgroups. */
function renderEngine(dir: string): string {
  const runtime = findBinary('runc') === undefined ? '' : 'runtime = "runc"'
  return `[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
lock_type = "file"
events_logger = "none"
cgroup_manager = "cgroupfs"
tmp_dir = "${dir}/tmp"
${runtime}
`
}

void test('podman pulls through the cache', {
  skip: missingOrNotRoot('podman', 'docker-registry'),
}, async (t) => {
  await using lab = await openLab()
  const client = await openPodman(lab)
  const unable = await cannotRun(client)
  const greets = (reference: string) => async () => {
    if (unable === undefined) assert.equal(await client.run(reference), GREETING)
  }
  const cases = [
    {
      reference: 'docker.io/busybox-test/hello:1',
      digest: lab.images['busybox-test/hello:1'].manifest.digest,
    },
    { reference: 'docker.io/library/hello:1', digest: lab.images['library/hello:1'].manifest.digest },
    { reference: 'ghcr.io/org/multi:1', digest: lab.images['org/multi:1'].manifest.digest },
    { reference: 'ghcr.io/org/zstd:1', digest: lab.images['org/zstd:1'].manifest.digest },
    { reference: `${lab.cache.host}/ghcr.io/org/app:1`, digest: lab.images['org/app:1'].manifest.digest },
  ].map((each) => ({ ...each, lab, client, check: greets(each.reference) }))
  for (const each of cases) await exercise(t, each)
  await exerciseStale(t, cases)
  await t.test('only this platform of an index was fetched', () => {
    const [, foreign] = lab.images['org/multi:1'].images
    assert.deepEqual(
      lab.requests().filter(({ path }) => foreign !== undefined && path.includes(foreign.manifest.digest)),
      [],
    )
  })
  await t.test('podman runs what it pulled', { skip: unable ?? false }, () => undefined)
})

/** Why this machine runs no containers at all, with or without a cache; undefined when it does. */
async function cannotRun(client: Podman): Promise<string | undefined> {
  const busybox = findBusybox()
  if (busybox === undefined) return 'busybox-static is not installed'
  try {
    await client.load(createTar({ 'bin/busybox': busybox }), 'probe:1')
    await client.run('probe:1', '/bin/busybox', 'true')
    await client.remove('probe:1')
    return undefined
  } catch (error) {
    return `podman runs no containers here: ${String(error)}`
  }
}
