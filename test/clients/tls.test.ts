import assert from 'node:assert/strict'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { digestOf } from '../../src/domain/digest.ts'
import { type Authority, createAuthority } from '../http/certificates.ts'
import { startCachalot } from '../support/cachalot.ts'
import { type Lab, openLab } from './lab.ts'
import { missing, missingOrNotRoot, run } from './process.ts'

/** The lab's upstreams behind another cache, which speaks TLS. */
async function startSecure(t: TestContext, lab: Lab, clients: 'anybody' | 'certified') {
  const authority = await createAuthority(t)
  const demand = clients === 'certified' ? { client_ca: authority.caFile } : {}
  const cache = await startCachalot(t, {
    upstreams: [
      { name: 'docker.io', url: lab.hub.url },
      { name: 'ghcr.io', url: lab.ghcr.url },
    ],
    config: { server: { tls: { ...authority.sign('cache'), ...demand } } },
  })
  return { authority, host: `127.0.0.1:${cache.port}` }
}

/** A folder as the ones below /etc/docker/certs.d: whom to trust, and perhaps who we are. */
async function certificateFolder(lab: Lab, { caFile, sign }: Authority, us?: string): Promise<string> {
  const folder = join(lab.dir, `certs-${us ?? 'nobody'}`)
  await mkdir(folder)
  await copyFile(caFile, join(folder, 'ca.crt'))
  if (us === undefined) return folder
  const { cert, key } = sign(us)
  await copyFile(cert, join(folder, 'client.cert'))
  await copyFile(key, join(folder, 'client.key'))
  return folder
}

void test('skopeo pulls by https', { skip: missing('skopeo', 'docker-registry') }, async (t) => {
  await using lab = await openLab()
  const { authority, host } = await startSecure(t, lab, 'anybody')
  const copy = async (...flags: string[]) => {
    const to = join(lab.dir, 'copy')
    const source = [...flags, `docker://${host}/ghcr.io/org/app:1`, `dir:${to}`]
    await run('skopeo', ['--insecure-policy', 'copy', ...source], { env: lab.env })
    return digestOf(await readFile(join(to, 'manifest.json')))
  }
  await t.test('with our authority', async () => {
    const folder = await certificateFolder(lab, authority)
    assert.equal(await copy('--src-cert-dir', folder), lab.images['org/app:1'].manifest.digest)
  })
  await t.test('and not without it', async () => {
    await assert.rejects(copy(), /certificate signed by unknown authority/)
  })
})

void test('podman pulls by https', { skip: missingOrNotRoot('podman', 'docker-registry') }, async (t) => {
  await using lab = await openLab()
  const dir = join(lab.dir, 'podman')
  await mkdir(dir)
  await writeFile(join(dir, 'registries.conf'), '')
  const env = { ...lab.env, CONTAINERS_REGISTRIES_CONF: join(dir, 'registries.conf') }
  const state = ['--root', join(dir, 'root'), '--runroot', join(dir, 'run'), '--tmpdir', join(dir, 'tmp')]
  const podman = async (...args: string[]) => {
    const stdout = await run('podman', [...state, '--storage-driver', 'vfs', ...args], { env })
    return stdout.toString().trim()
  }
  const { authority, host } = await startSecure(t, lab, 'certified')
  const reference = `${host}/ghcr.io/org/app:1`
  await t.test('with our authority and a certificate of its own', async () => {
    const folder = await certificateFolder(lab, authority, 'podman')
    await podman('pull', '--quiet', '--cert-dir', folder, reference)
    const digest = await podman('image', 'inspect', '--format', '{{.Digest}}', reference)
    assert.equal(digest, lab.images['org/app:1'].manifest.digest)
  })
  await t.test('and not without a certificate where one is demanded', async () => {
    const folder = await certificateFolder(lab, authority)
    await assert.rejects(
      podman('pull', '--quiet', '--cert-dir', folder, reference),
      /tls: (bad certificate|certificate required)/,
    )
  })
})
