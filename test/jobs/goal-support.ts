import assert from 'node:assert/strict'
import type { GcPreview } from '../../src/api/contract-gc.ts'
import type { GcGoal, GcReport } from '../../src/api/contract-work.ts'
import { assertNoParts, assertStoreSound, blobRows, eventually, manifestPath } from '../e2e/support.ts'
import type { Cachalot } from '../support/cachalot.ts'
import type { AddedIndex } from '../support/fake-images.ts'
import type { FakeUpstream } from '../support/fake-upstream.ts'
import { type BuiltImage, buildArtifact, buildImage, buildIndex } from '../support/oci-image.ts'
import { descriptorOf, parsePlatform } from '../support/oci-media.ts'
import { apiOf, du, gc, last, pullImage } from './support.ts'

export function preview(cache: Cachalot, goal: GcGoal): Promise<GcPreview> {
  return last(apiOf(cache).stream('/gc/preview', goal))
}

export function narrow(cache: Cachalot, previewId: string, exclude: readonly string[]): Promise<GcPreview> {
  return last(apiOf(cache).stream('/gc/narrow', { previewId, exclude }))
}

export function carryOut(
  cache: Cachalot,
  previewId: string,
  exclude: readonly string[] = [],
): Promise<GcReport> {
  return last(apiOf(cache).stream('/gc/run', { previewId, exclude }))
}

interface Place {
  readonly repo: string
  readonly tag: string
}

/** Pulls these images of an index as clients of their platforms do: tag, manifest, config, layers. */
export async function pullPlatforms(
  cache: Cachalot,
  { manifest }: Pick<AddedIndex, 'manifest'>,
  { repo, tag, images }: Place & { images: readonly BuiltImage[] },
): Promise<void> {
  for (const image of images) {
    await pullImage(cache, { ...image, manifest }, { repo, tag })
    await cache.fetch(manifestPath(image.manifest.digest, repo))
  }
  await assertNoParts(cache.dataDir)
}

/** An index as BuildKit writes it: each platform with an attestation of its own. */
export function addAttested(
  hub: FakeUpstream,
  { repo, tag }: Place,
  platforms: readonly string[],
): AddedIndex & { readonly attestations: readonly BuiltImage[] } {
  const images = platforms.map((platform) => hub.putImage(repo, buildImage({ platform, layers: [50_000] })))
  const attestations = images.map(() =>
    hub.putImage(repo, buildArtifact({ artifactType: 'application/vnd.in-toto+json', layers: [9000] })),
  )
  const manifest = buildIndex([
    ...images.map((image, i) => ({
      ...descriptorOf(image.manifest),
      platform: parsePlatform(platforms[i] ?? ''),
    })),
    ...attestations.map((one, i) => ({
      ...descriptorOf(one.manifest),
      platform: { os: 'unknown', architecture: 'unknown' },
      annotations: {
        'vnd.docker.reference.type': 'attestation-manifest',
        'vnd.docker.reference.digest': images[i]?.manifest.digest ?? '',
      },
    })),
  ])
  hub.addManifest(repo, { ...manifest, tags: [tag] })
  return { manifest, images, attestations }
}

/**
 * What a preview says is what a dry run says, what it says again when things are left out, what the run does, and what
 * leaves the disk.
 */
export async function assertShown(
  cache: Cachalot,
  goal: GcGoal,
  leave: (shown: GcPreview) => readonly string[] = () => [],
): Promise<GcPreview> {
  await eventually(
    'nothing is landing',
    async () => (await apiOf(cache).get('/stats', {})).disk.reserved === 0,
  )
  const before = await du(cache.dataDir)
  const shown = await preview(cache, goal)
  const dry = await gc(cache, { ...goal, dryRun: true })
  assert.deepEqual({ ...dry, ms: 0 }, { ...shown.report, ms: 0 })
  const exclude = leave(shown)
  const chosen = await narrow(cache, shown.previewId, exclude)
  assert.deepEqual(chosen.items, shown.items)
  if (exclude.length === 0) assert.deepEqual({ ...chosen.report, ms: 0 }, { ...shown.report, ms: 0 })
  assert.equal(await du(cache.dataDir), before, 'looking changes nothing')
  const done = await carryOut(cache, shown.previewId, exclude)
  assert.equal(done.frees, chosen.frees)
  assert.equal(done.objects, chosen.report.objects)
  assert.deepEqual(done.rows, chosen.report.rows)
  assert.equal(before - (await du(cache.dataDir)), chosen.frees)
  assert.equal(done.after, await du(cache.dataDir))
  assert.equal((await apiOf(cache).get('/stats', {})).disk.used, done.after)
  await assertStoreSound(cache.dataDir)
  return chosen
}

export function assertHere(cache: Cachalot, image: BuiltImage, isHere: boolean): void {
  const rows = new Set<string>(blobRows(cache.dataDir).keys())
  for (const { digest } of [image.manifest, image.config, ...image.layers])
    assert.equal(rows.has(digest), isHere, digest)
}

export const namesOf = ({ items }: GcPreview): readonly string[] => items.map(({ name }) => name)
