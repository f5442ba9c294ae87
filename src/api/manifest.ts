import type { Router } from '@koa/router'
import { z } from 'zod'
import { type Digest, hexOf, isSha256, parseDigest, type Sha256 } from '../domain/digest.ts'
import { AppError } from '../domain/errors.ts'
import type { EntryKey } from '../domain/names.ts'
import { because } from '../domain/reasons.ts'
import { type Descriptor, type ImageManifest, readManifest } from '../frontends/oci/image-manifest.ts'
import { queryOf } from './answer.ts'
import type { HistoryRow, ManifestDetail } from './contract-contents.ts'
import type { ApiDeps } from './deps.ts'
import { rebuildDockerfile } from './dockerfile.ts'
import { type ConfigStep, type ImageConfig, readConfig, wordsOf } from './image-config.ts'
import { isHere } from './inspect.ts'
import { looseOf, parseLoose, shownText, textOf } from './loose.ts'
import { parseName } from './selection.ts'
import { requireShown } from './shown.ts'

export const manifestAsk = z.strictObject({ name: z.string().min(1).max(1000) })

/** What is larger is no manifest, whatever refers to it as one. */
const LONGEST = 8 * 1024 * 1024
/** Longer ones are not sent as a whole. */
const LONGEST_SHOWN = 1024 * 1024
const MOST_REFERRERS = 500

/** One manifest with its config, from what is here. No upstream is asked. */
export function manifestRoutes(router: Router, deps: ApiDeps): void {
  router.get('/manifest', async (ctx) => {
    const { name } = queryOf(ctx, manifestAsk)
    const { route, reference } = parseName(deps, name)
    const ref = reference?.text ?? 'latest'
    const place = { upstream: route.upstream.name, repository: route.repository }
    requireShown(ctx, { ...place, ref })
    const key: EntryKey = { frontEnd: 'oci', ...place, kind: 'manifest', ref }
    const detail = await readDetail(deps, key)
    if (detail === undefined) throw new AppError('manifest_unknown', because('not_cached', { name }))
    ctx.body = detail
  })
}

async function readDetail(deps: ApiDeps, key: EntryKey): Promise<ManifestDetail | undefined> {
  const entry = deps.index.entries.find(key)
  const bytes = entry === undefined ? undefined : await bytesHere(deps, entry.digest)
  if (entry === undefined || bytes === undefined) return undefined
  const manifest = readManifest(bytes)
  const config = manifest.isIndex ? undefined : await configOf(deps, manifest)
  const history = historyOf(deps, manifest, config?.steps ?? [])
  return {
    digest: entry.digest,
    mediaType: entry.mediaType,
    size: bytes.length,
    raw: bytes.length > LONGEST_SHOWN ? undefined : shownText(bytes),
    config: config?.detail,
    history,
    dockerfile: rebuildDockerfile(config === undefined ? [] : history),
    annotations: wordsOf(parseLoose(bytes)['annotations']),
    referrers: await referrersOf(deps, key, entry.digest),
  }
}

async function bytesHere({ index, parts }: ApiDeps, digest: Digest): Promise<Buffer | undefined> {
  const row = isSha256(digest) ? index.blobs.find(digest) : undefined
  return row === undefined || row.size > LONGEST ? undefined : await parts.shelf.loadAll(row)
}

async function configOf(deps: ApiDeps, { config }: ImageManifest): Promise<ImageConfig | undefined> {
  const bytes = config === undefined ? undefined : await bytesHere(deps, config.digest)
  if (bytes === undefined) return undefined
  return readConfig(bytes, bytes.length > LONGEST_SHOWN ? '' : shownText(bytes))
}

/** Steps that made a layer stand beside the layers in their order; layers nobody tells of come last. */
function historyOf(
  deps: ApiDeps,
  { layers, isIndex }: ImageManifest,
  steps: readonly ConfigStep[],
): readonly HistoryRow[] {
  if (isIndex) return []
  const left = [...layers]
  const shown = (layer: Descriptor | undefined): HistoryRow['layer'] =>
    layer === undefined
      ? undefined
      : { digest: layer.digest, size: layer.size, here: isHere(deps, layer.digest) }
  const told = steps.map(({ command, createdAt, isEmpty }) => ({
    command,
    createdAt,
    layer: isEmpty ? undefined : shown(left.shift()),
  }))
  return [...told, ...left.map((layer) => ({ command: '', createdAt: undefined, layer: shown(layer) }))]
}

/** What lists of referrers that are cached name, as far as it is here itself. */
async function referrersOf(
  deps: ApiDeps,
  key: EntryKey,
  digest: Sha256,
): Promise<ManifestDetail['referrers']> {
  const { index } = deps
  const lists = index.entries
    .refs({ ...key, kind: 'referrers' })
    .filter((ref) => ref === `referrers/${digest}` || ref.startsWith(`referrers/${digest}?`))
    .map((ref): EntryKey => ({ ...key, kind: 'referrers', ref }))
  // The tag that stands in for the list where an upstream has none.
  const standIn: EntryKey = { ...key, ref: `sha256-${hexOf(digest)}` }
  const found = new Map<string, ManifestDetail['referrers'][number]>()
  for (const list of [...lists, standIn].slice(0, MOST_REFERRERS)) {
    const entry = index.entries.find(list)
    const bytes = entry === undefined ? undefined : await bytesHere(deps, entry.digest)
    for (const one of bytes === undefined ? [] : descriptorsIn(bytes)) {
      const isCached =
        isHere(deps, one.digest) && index.entries.find({ ...key, ref: one.digest }) !== undefined
      if (isCached && found.size < MOST_REFERRERS) found.set(one.digest, one)
    }
  }
  return [...found.values()]
}

function descriptorsIn(bytes: Buffer) {
  const { manifests } = parseLoose(bytes)
  const list = Array.isArray(manifests) ? manifests.map(looseOf) : []
  return list.flatMap(({ digest, artifactType, size }) => {
    const parsed = typeof digest === 'string' ? parseDigest(digest) : undefined
    if (parsed === undefined || typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return []
    return [{ digest: parsed, artifactType: textOf(artifactType), size }]
  })
}
