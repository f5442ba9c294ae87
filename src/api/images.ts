import type { Router } from '@koa/router'
import { z } from 'zod'
import { writeUses } from '../cache/uses.ts'
import type { ImageRow, ListAsk } from '../db/accounts/rows.ts'
import type { Sha256 } from '../domain/digest.ts'
import { AppError } from '../domain/errors.ts'
import type { EntryKey } from '../domain/names.ts'
import { because } from '../domain/reasons.ts'
import { queryOf } from './answer.ts'
import { orBadRequest, withoutUndefined } from './asking.ts'
import type { ImageDetail, LayerRow, PlatformRow, TagRow } from './contract.ts'
import { lastDeed } from './deeds.ts'
import type { ApiDeps } from './deps.ts'
import { type InspectedPlatform, inspectImage, isHere } from './inspect.ts'
import { fullPattern, isGlob } from './pattern.ts'
import { mapPage, toImageRow, toRepositoryRow } from './rows.ts'
import { conditionsOf, parseName } from './selection.ts'
import { requireShown, seesTagsApart, shownImage, shownNames, shownPage } from './shown.ts'
import { withShownSums } from './shown-sums.ts'
import { tagState } from './tag-state.ts'
import { visitorOf } from './visitor.ts'

export const listAsk = z.strictObject({
  q: z.string().max(512).optional(),
  filter: z.string().max(1000).optional(),
  sort: z.string().max(40).optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
  cursor: z.string().max(4000).optional(),
})
type Sharing = Pick<LayerRow, 'sharedWith' | 'shares'>

/** What whoever asks may know of who shares a layer, and of an image. */
interface Shown {
  readonly sharing: (sharing: Sharing) => Sharing
  readonly image: (image: ImageRow) => ImageRow
}

export const nameAsk = z.strictObject({ name: z.string().min(1).max(1000) })

/** What is cached: lists, and one image in full. No upstream is asked. */
export function imageRoutes(router: Router, deps: ApiDeps): void {
  const { index } = deps
  const toAsk = ({ q, filter, ...rest }: z.output<typeof listAsk>): ListAsk => ({
    ...withoutUndefined(rest),
    since: lastDeed(deps),
    ...(q === undefined ? {} : { q: isGlob(q) ? fullPattern(deps.config().upstreams, q) : `**${q}**` }),
    conditions: conditionsOf(deps, filter),
  })

  router.get('/repositories', async (ctx) => {
    writeUses(deps.index)
    await deps.describe()
    const ask = toAsk(queryOf(ctx, listAsk))
    const page = await shownPage(ctx, ask, (part) =>
      orBadRequest(index.clerk.ask('repositories', { ...ask, ...part })),
    )
    const rows = await withShownSums(deps, visitorOf(ctx).access, await withPulls(deps, page.items))
    ctx.body = mapPage({ ...page, items: rows }, (row) =>
      toRepositoryRow(seesTagsApart(ctx, row.name) ? { ...row, pulls30d: [] } : row),
    )
  })
  router.get('/images', async (ctx) => {
    writeUses(deps.index)
    await deps.describe()
    const ask = toAsk(queryOf(ctx, listAsk))
    const page = await shownPage(ctx, ask, (part) =>
      orBadRequest(index.clerk.ask('images', { ...ask, ...part })),
    )
    ctx.body = mapPage(page, toImageRow)
  })
  router.get('/image', async (ctx) => {
    writeUses(deps.index)
    const key = imageKeyOf(deps, queryOf(ctx, nameAsk).name)
    requireShown(ctx, key)
    await deps.describe()
    ctx.body = await detailOf(deps, key, {
      sharing: ({ sharedWith, shares }) => {
        const names = shownNames(ctx, sharedWith)
        return { sharedWith: names, shares: names.length === sharedWith.length ? shares : names.length }
      },
      image: (image) => shownImage(ctx, image),
    })
  })
}

/** Days of the little curve behind each repository. */
const DAYS = 30

async function withPulls<T extends { readonly repositoryId: number }>(
  { index, clock }: ApiDeps,
  rows: readonly T[],
): Promise<readonly (T & { readonly pulls30d: readonly number[] })[]> {
  const repositories = rows.map(({ repositoryId }) => repositoryId)
  const pulls = await index.clerk.ask('pullDays', { repositories, until: clock(), days: DAYS })
  return rows.map((row, i) => ({ ...row, pulls30d: pulls[i] ?? [] }))
}

export type ImageKey = EntryKey & { readonly name: string }

/** The image a name means: a tag or digest, "latest" where it says neither. */
export function imageKeyOf(deps: ApiDeps, name: string): ImageKey {
  const { route, reference } = parseName(deps, name)
  const ref = reference?.text ?? 'latest'
  const { upstream, repository } = { upstream: route.upstream.name, repository: route.repository }
  const title = `${upstream}/${repository}${ref.includes(':') ? '@' : ':'}${ref}`
  return { frontEnd: 'oci', upstream, repository, kind: 'manifest', ref, name: title }
}

async function detailOf(deps: ApiDeps, key: ImageKey, shown: Shown): Promise<ImageDetail> {
  const found = await deps.index.clerk.ask('image', {
    upstream: key.upstream,
    repository: key.repository,
    ref: key.ref,
  })
  const digest = found?.row.digest
  if (found === undefined || digest === undefined || !isDigest(digest))
    throw new AppError('manifest_unknown', because('not_cached', { name: key.name }))
  const inspected = await inspectImage(deps, digest)
  const shares = new Map(found.blobs.map((blob) => [blob.digest as string, blob]))
  const layersOf = ({ manifest }: InspectedPlatform): readonly LayerRow[] =>
    (manifest?.blobs ?? []).map((blob) => ({
      digest: blob.digest,
      mediaType: blob.mediaType,
      role: blob === manifest?.config ? 'config' : 'layer',
      size: blob.size,
      here: isHere(deps, blob.digest),
      ...shown.sharing(shares.get(blob.digest) ?? { sharedWith: [], shares: 0 }),
    }))
  const platforms = inspected?.platforms ?? []
  const image = shown.image(found.row)
  return {
    image: toImageRow(image),
    platforms: platforms.map(toPlatformRow),
    layers: Object.fromEntries(platforms.map((platform) => [platform.digest, layersOf(platform)])),
    tags: tagsOf(deps, image),
  }
}

export function isDigest(text: string): text is Sha256 {
  return text.startsWith('sha256:')
}

function toPlatformRow({
  platform,
  digest,
  state,
  size,
  here,
  manifest,
  missing,
}: InspectedPlatform): PlatformRow {
  const layers = manifest?.layers ?? []
  const absent = new Set(missing.map((blob) => blob.digest))
  return {
    platform,
    digest,
    state,
    size,
    here,
    layers: layers.length,
    layersHere: layers.filter((layer) => !absent.has(layer.digest)).length,
  }
}

function tagsOf({ index, config, clock }: ApiDeps, image: ImageRow): readonly TagRow[] {
  const { upstream, repository } = image
  return image.tags.flatMap((tag) => {
    const key: EntryKey = { frontEnd: 'oci', upstream, repository, kind: 'manifest', ref: tag }
    const entry = index.entries.find(key)
    if (entry === undefined) return []
    const { checkedAt } = entry
    const { goneAt, movedTo: upstreamDigest } = index.entries.newsOf(key)
    const state = tagState(config(), { upstream, checkedAt, goneAt, upstreamDigest }, clock())
    const { usedAt, pulls } = index.entries.useOf(key)
    return [{ tag, checkedAt, state, goneAt, upstreamDigest, lastUsed: usedAt, pulls }]
  })
}
