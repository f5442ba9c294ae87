import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { digestOf } from '../../src/domain/digest.ts'
import { exercise, exerciseStale, type PullClient } from './exercise.ts'
import { type Lab, openLab } from './lab.ts'
import { missing, run } from './process.ts'

interface Skopeo extends PullClient {
  /** Every blob and manifest that the last copy of this reference wrote. */
  copied(reference: string): string
}

/** skopeo keeps nothing, so each copy goes into a new folder and `remove` has nothing to do. */
function openSkopeo(lab: Lab): Skopeo {
  const folders = new Map<string, string>()
  return {
    copied: (reference) => folders.get(reference) ?? '',
    async pull(reference) {
      const folder = join(lab.dir, `copy-${folders.size}-${Math.random().toString(36).slice(2)}`)
      folders.set(reference, folder)
      const source = ['--src-tls-verify=false', `docker://${reference}`]
      await run('skopeo', ['--insecure-policy', 'copy', '--all', ...source, `dir:${folder}`], {
        env: lab.env,
      })
      return digestOf(await readFile(join(folder, 'manifest.json')))
    },
    remove: async () => undefined,
  }
}

void test('skopeo copies through the cache', { skip: missing('skopeo', 'docker-registry') }, async (t) => {
  await using lab = await openLab()
  const client = openSkopeo(lab)
  const { host } = lab.cache
  const cases = [
    { reference: `${host}/ghcr.io/org/multi:1`, digest: lab.images['org/multi:1'].manifest.digest },
    { reference: `${host}/ghcr/org/many:1`, digest: lab.images['org/many:1'].manifest.digest },
    { reference: `${host}/ghcr.io/org/zstd:1`, digest: lab.images['org/zstd:1'].manifest.digest },
    {
      reference: `${host}/docker.io/busybox-test/hello:1`,
      digest: lab.images['busybox-test/hello:1'].manifest.digest,
    },
    { reference: `${host}/hello:1`, digest: lab.images['library/hello:1'].manifest.digest },
  ].map((each) => ({ ...each, lab, client }))
  for (const each of cases) await exercise(t, each)
  await exerciseStale(t, cases)

  await t.test('the copy of an index has every platform, byte for byte', async () => {
    const reference = `${host}/ghcr.io/org/multi:1`
    await client.pull(reference)
    for (const image of lab.images['org/multi:1'].images) {
      for (const content of image.blobs) {
        const hex = content.digest.slice('sha256:'.length)
        assert.deepEqual(await readFile(join(client.copied(reference), hex)), content.bytes)
      }
      const hex = image.manifest.digest.slice('sha256:'.length)
      assert.deepEqual(
        await readFile(join(client.copied(reference), `${hex}.manifest.json`)),
        image.manifest.bytes,
      )
    }
  })

  await t.test('a copy into an OCI layout names the digest of the upstream', async () => {
    const layout = join(lab.dir, 'layout')
    const source = ['--src-tls-verify=false', `docker://${host}/ghcr.io/org/multi:1`]
    await run('skopeo', ['--insecure-policy', 'copy', '--all', ...source, `oci:${layout}:1`], {
      env: lab.env,
    })
    const text = await readFile(join(layout, 'index.json'), 'utf8')
    // The OCI image layout says what index.json holds.
    const index = JSON.parse(text) as { manifests: { digest: string }[] }
    assert.equal(index.manifests[0]?.digest, lab.images['org/multi:1'].manifest.digest)
  })

  await t.test('a tag the upstream does not have fails and names the reason', async () => {
    const copy = run(
      'skopeo',
      ['inspect', '--raw', '--tls-verify=false', `docker://${host}/ghcr.io/org/app:none`],
      {
        env: lab.env,
      },
    )
    await assert.rejects(copy, /manifest unknown/i)
  })
})
