import type { Router } from '@koa/router'
import { z } from 'zod'
import type { ImageKey } from '../cache/removal.ts'
import { writeUses } from '../cache/uses.ts'
import type { ImageRow } from '../db/accounts/rows.ts'
import { isSha256, parseDigest } from '../domain/digest.ts'
import { bodyOf } from './answer.ts'
import { briefly } from './briefly.ts'
import type { ApiDeps } from './deps.ts'
import { partGone } from './gone.ts'
import { toImageRow } from './rows.ts'
import { imageText, selectImages } from './selection.ts'
import { about } from './visitor.ts'

export const removeAsk = z.strictObject({
  names: z.array(z.string()).default([]),
  filter: z.string().optional(),
  dryRun: z.boolean().default(true),
  includeGone: z.boolean().default(false),
})

/** Taking images out, and what that frees. */
export function removeRoutes(router: Router, deps: ApiDeps): void {
  router.post('/remove', async (ctx) => {
    const ask = await bodyOf(ctx, removeAsk)
    writeUses(deps.index)
    const { images: chosen, notFound } = await selectImages(deps, ask)
    const { stay, go } = await partGone(deps, chosen)
    const images = ask.includeGone ? chosen : go
    const keys = images.map(toKey).filter((key) => key !== undefined)
    const preview = await deps.parts.removal.preview(keys)
    if (!ask.dryRun) {
      const target = [briefly(ask.names), ...(ask.filter === undefined ? [] : [ask.filter])].join(' ').trim()
      about(ctx, { action: 'remove', target, detail: { images: keys.length, bytes: preview.frees } })
      const { bytes, objects } = await deps.parts.removal.remove(keys)
      deps.log.info(
        { event: 'remove', images: images.length, objects, bytes },
        `removed ${images.length} images`,
      )
    }
    const skipped = new Set([...preview.pinned, ...preview.inUse].map(imageText))
    const named = (some: readonly ImageKey[]): readonly string[] => {
      const wanted = new Set(some.map(imageText))
      return images.filter((image) => wanted.has(imageText(image))).map(({ name }) => name)
    }
    ctx.body = {
      images: images.filter((image) => !skipped.has(imageText(image))).map(toImageRow),
      objects: preview.objects,
      total: preview.total,
      frees: preview.frees,
      sharedKept: preview.total - preview.frees,
      alsoTags: alsoTags(images, ask.names),
      pinned: named(preview.pinned),
      inUse: named(preview.inUse),
      gone: stay.map(({ name }) => name),
      notFound,
    }
  })
}

function toKey({ upstream, repository, digest }: ImageRow): ImageKey | undefined {
  const parsed = parseDigest(digest)
  return parsed !== undefined && isSha256(parsed) ? { upstream, repository, digest: parsed } : undefined
}

/** Tags that go along with the one that was named, because they point to the same image. */
function alsoTags(images: readonly ImageRow[], names: readonly string[]): readonly string[] {
  return images
    .flatMap(({ upstream, repository, tags }) =>
      tags.length < 2 ? [] : tags.map((tag) => `${upstream}/${repository}:${tag}`),
    )
    .filter((name) => !names.some((asked) => name === asked || name.endsWith(`/${asked}`)))
}
