import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { type Digest, digestOf } from '../../src/domain/digest.ts'
import { openOrSkip } from './exercise.ts'
import { type Lab, openLab } from './lab.ts'
import { cachalot, createSite, openDockerTool, openPodmanTool, serveSite, skopeo } from './packages-tools.ts'
import { missing, missingOrNotRoot, run } from './process.ts'

interface Manifest {
  readonly config: { readonly digest: Digest }
  readonly layers: readonly { readonly digest: Digest }[]
}

const HELLO = 'docker.io/library/hello:1'
const APP = 'ghcr.io/org/app:1'
const MULTI = 'ghcr.io/org/multi:1'

const configOf = (lab: Lab): string => join(lab.dir, 'cache', 'config.toml')

async function exportTo(lab: Lab, file: string, ...names: string[]): Promise<string> {
  const path = join(lab.dir, file)
  await cachalot(configOf(lab), 'export', ...names, '-o', path)
  return path
}

/** Digest of the config, by which docker and podman know an image. */
function idOf(manifest: { readonly bytes: Buffer }): string {
  return (JSON.parse(manifest.bytes.toString()) as Manifest).config.digest
}

/** The manifest that skopeo copies out of an archive. */
async function copied(lab: Lab, source: string, ...flags: string[]): Promise<Buffer> {
  const folder = join(lab.dir, `copy-${Math.random().toString(36).slice(2)}`)
  await skopeo(lab, 'copy', ...flags, source, `dir:${folder}`)
  return await readFile(join(folder, 'manifest.json'))
}

suite('an exported archive', () => {
  test('skopeo takes it as both kinds', { skip: missing('skopeo', 'docker-registry') }, async () => {
    await using lab = await openLab()
    const { images } = lab
    const one = await exportTo(lab, 'one.tar', HELLO)
    const hello = images['library/hello:1'].manifest
    assert.equal(digestOf(await copied(lab, `oci-archive:${one}`)), hello.digest)
    assert.equal(digestOf(await copied(lab, `oci-archive:${one}:${HELLO}`)), hello.digest)
    assert.equal(idOf({ bytes: await copied(lab, `docker-archive:${one}`) }), idOf(hello))
    const several = await exportTo(lab, 'several.tar', HELLO, APP, 'ghcr.io/org/many:1')
    assert.equal(digestOf(await copied(lab, `oci-archive:${several}:${HELLO}`)), hello.digest)
    for (const [name, image] of [
      [HELLO, hello],
      [APP, images['org/app:1'].manifest],
      ['ghcr.io/org/many:1', images['org/many:1'].manifest],
    ] as const)
      assert.equal(idOf({ bytes: await copied(lab, `docker-archive:${several}:${name}`) }), idOf(image), name)
    const all = join(lab.dir, 'all.tar')
    await cachalot(configOf(lab), 'export', MULTI, '--platform', 'all', '-o', all)
    const index = images['org/multi:1'].manifest.digest
    assert.equal(digestOf(await copied(lab, `oci-archive:${all}`, '--all')), index)
    const zstd = await exportTo(lab, 'zstd.tar', 'ghcr.io/org/zstd:1')
    assert.equal(digestOf(await copied(lab, `oci-archive:${zstd}`)), images['org/zstd:1'].manifest.digest)
  })

  test('podman loads it', { skip: missingOrNotRoot('podman', 'docker-registry') }, async () => {
    await using lab = await openLab()
    const podman = await openPodmanTool(lab)
    assert.match(await podman('load', '-i', await exportTo(lab, 'one.tar', MULTI)), new RegExp(MULTI))
    const [amd] = lab.images['org/multi:1'].images
    const digest = await podman('image', 'inspect', '--format', '{{.Digest}}', MULTI)
    assert.equal(digest, amd?.manifest.digest)
    const loaded = await podman('load', '-i', await exportTo(lab, 'several.tar', HELLO, APP))
    assert.deepEqual(loaded.match(/[\w./]+:1$/gm)?.toSorted(), [HELLO, APP].toSorted())
    const id = await podman('image', 'inspect', '--format', '{{.Id}}', APP)
    assert.equal(`sha256:${id}`, idOf(lab.images['org/app:1'].manifest))
  })

  test('docker loads it, and what it saves comes back', {
    skip: missingOrNotRoot('dockerd', 'docker', 'docker-registry'),
  }, async (t) => {
    await using lab = await openLab()
    await using tool = await openOrSkip(t, 'dockerd', () => openDockerTool(lab))
    if (tool === undefined) return
    const { docker } = tool
    const file = await exportTo(lab, 'several.tar', HELLO, APP, MULTI)
    await docker('load', '-i', file)
    for (const [name, manifest] of [
      [HELLO, lab.images['library/hello:1'].manifest],
      [APP, lab.images['org/app:1'].manifest],
    ] as const)
      assert.equal(await docker('image', 'inspect', '--format', '{{.Id}}', name), idOf(manifest))
    const saved = join(lab.dir, 'saved.tar')
    await docker('save', '-o', saved, HELLO, APP)
    const { config } = await createSite(lab, 'site')
    const out = await cachalot(config, 'import', saved)
    assert.match(out, /library\/hello:1\t.*\tmade\t/)
    await using served = await serveSite(config)
    const pulled = await copied(lab, `docker://${served.host}/${APP}`, '--src-tls-verify=false')
    assert.equal(idOf({ bytes: pulled }), idOf(lab.images['org/app:1'].manifest))
  })

  test('curl takes it up again in the middle', { skip: missing('curl', 'docker-registry') }, async () => {
    await using lab = await openLab()
    const whole = await exportTo(lab, 'app.tar', APP)
    const part = join(lab.dir, 'part.tar')
    const socket = join(lab.dir, 'cache', 'data', 'cachalot.sock')
    const url = `http://localhost/api/v1/export?name=${encodeURIComponent(APP)}`
    const curl = (...args: string[]) =>
      run('curl', ['-sSf', '--unix-socket', socket, ...args], { env: lab.env })
    await curl('-o', part, url)
    const { size } = await stat(part)
    await truncate(part, 3_000_001)
    await curl('-C', '-', '-o', part, url)
    assert.equal((await stat(part)).size, size)
    const sum = async (path: string) =>
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex')
    assert.equal(await sum(part), await sum(whole))
    const head = (await curl('-I', url)).toString()
    assert.match(head, new RegExp(`content-length: ${size}\\r`, 'i'))
    assert.match(head, new RegExp(`x-checksum-sha256: ${await sum(whole)}`, 'i'))
  })
})

/** Makes an archive with a tool, imports it at a site without a network and pulls what came of it. */
async function throughSite(lab: Lab, archive: string, { name, as }: { name: string; as?: string }) {
  const { config } = await createSite(lab, `site-${Math.random().toString(36).slice(2)}`)
  const out = await cachalot(config, 'import', archive, ...(as === undefined ? [] : ['--as', as]))
  assert.match(out, new RegExp(name))
  await using served = await serveSite(config)
  return await copied(lab, `docker://${served.host}/${name}`, '--src-tls-verify=false')
}

suite('archives of other tools', () => {
  test('of skopeo', { skip: missing('skopeo', 'docker-registry') }, async (t: TestContext) => {
    await using lab = await openLab()
    const from = (name: string) => ['--src-tls-verify=false', `docker://${lab.cache.host}/${name}`]
    await t.test('oci-archive with every platform', async () => {
      const archive = join(lab.dir, 'oci.tar')
      await skopeo(lab, 'copy', '--all', ...from(MULTI), `oci-archive:${archive}:1`)
      const manifest = await throughSite(lab, archive, { name: 'ghcr.io/org/copy:1', as: 'ghcr.io/org/copy' })
      // The site has the index, of which a copy without --all takes one platform.
      assert.equal(digestOf(manifest), lab.images['org/multi:1'].images[0]?.manifest.digest)
    })
    await t.test('docker-archive', async () => {
      const archive = join(lab.dir, 'docker.tar')
      await skopeo(lab, 'copy', ...from(HELLO), `docker-archive:${archive}:${HELLO}`)
      const manifest = await throughSite(lab, archive, { name: HELLO })
      assert.equal(idOf({ bytes: manifest }), idOf(lab.images['library/hello:1'].manifest))
    })
  })

  test('of podman save', { skip: missingOrNotRoot('podman', 'skopeo', 'docker-registry') }, async () => {
    await using lab = await openLab()
    const podman = await openPodmanTool(lab)
    await podman('load', '-i', await exportTo(lab, 'several.tar', HELLO, APP))
    const both = join(lab.dir, 'both.tar')
    await podman('save', '-m', '-o', both, HELLO, APP)
    const app = await throughSite(lab, both, { name: APP })
    assert.equal(idOf({ bytes: app }), idOf(lab.images['org/app:1'].manifest))
    const oci = join(lab.dir, 'oci.tar')
    await podman('save', '--format', 'oci-archive', '-o', oci, HELLO)
    // Its config is another one than that of the registry, as podman writes it anew.
    const hello = await throughSite(lab, oci, { name: HELLO })
    assert.equal(digestOf(hello), digestOf(await copied(lab, `oci-archive:${oci}`)))
  })

  test('of our own: the digests stay', { skip: missing('skopeo', 'docker-registry') }, async () => {
    await using lab = await openLab()
    const all = join(lab.dir, 'all.tar')
    const config = configOf(lab)
    await cachalot(config, 'export', MULTI, APP, '--platform', 'all', '-o', all)
    const site = await createSite(lab, 'site')
    await cachalot(site.config, 'import', all)
    await using served = await serveSite(site.config)
    for (const [name, digest] of [
      [MULTI, lab.images['org/multi:1'].manifest.digest],
      [APP, lab.images['org/app:1'].manifest.digest],
    ] as const)
      assert.equal(
        digestOf(await copied(lab, `docker://${served.host}/${name}`, '--all', '--src-tls-verify=false')),
        digest,
      )
  })
})
