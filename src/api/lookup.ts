import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { isSha256 } from '../domain/digest.ts'
import { fileText, parseFullName } from '../domain/file-names.ts'
import { queryOf } from './answer.ts'
import { type AskedFile, targetsOf } from './asked-file.ts'
import type { Lookup } from './contract.ts'
import type { ApiDeps } from './deps.ts'
import { requireAsked } from './file-address.ts'
import { imageKeyOf, isDigest, nameAsk } from './images.ts'
import { inspectImage } from './inspect.ts'
import { lookUpFile } from './lookup-file.ts'
import { requirePlaceShown, requireSeesAll, requireShown, seesAll } from './shown.ts'
import { visitorOf } from './visitor.ts'

/** Whether something is cached: an image, a file by its name or address, a blob. No upstream is asked. */
export function lookupRoutes(router: Router, deps: ApiDeps): void {
  router.get('/lookup', async (ctx) => {
    const { name } = queryOf(ctx, nameAsk)
    const asked = requireAsked(name, deps.config())
    if (asked !== undefined) {
      requireFileShown(ctx, asked)
      const found = await lookUpFile(deps, asked)
      // A repository of GitHub may be called otherwise by now, and that name may be hidden.
      const real = asked.kind === 'github' ? parseFullName(found.name) : undefined
      if (real !== undefined) requirePlaceShown(ctx, fileText({ ...real, file: undefined }))
      ctx.body = found
      return
    }
    // A bare digest tells nothing of whose it is.
    if (isDigest(name)) requireSeesAll(ctx)
    else requireShown(ctx, imageKeyOf(deps, name))
    ctx.body = isDigest(name) ? lookUpBlob(deps, name) : await lookUpImage(deps, name)
  })
}

/** Throws AppError `denied` for what this user may not pull. */
export function requireFileShown(ctx: Context, asked: AskedFile | undefined): void {
  const { access } = visitorOf(ctx)
  if (asked === undefined || seesAll(access)) return
  for (const target of targetsOf(asked)) access.requirePull(target)
}

async function lookUpImage(deps: ApiDeps, name: string): Promise<Lookup> {
  const key = imageKeyOf(deps, name)
  const entry = deps.index.entries.find(key)
  const inspected = entry === undefined ? undefined : await inspectImage(deps, entry.digest)
  if (inspected === undefined) {
    return {
      name: key.name,
      cached: 'no',
      digest: entry?.digest,
      here: 0,
      size: entry?.size ?? 0,
      missing: [],
    }
  }
  const present = inspected.platforms.filter(({ state }) => state !== 'absent')
  const isComplete = present.length > 0 && present.every(({ state }) => state === 'complete')
  return {
    name: key.name,
    cached: isComplete ? 'complete' : 'partial',
    digest: inspected.digest,
    here: present.reduce((sum, { here }) => sum + here, 0),
    size: present.reduce((sum, { size }) => sum + size, 0),
    missing: present.flatMap(({ missing }) => missing.map(({ digest, size }) => ({ digest, size }))),
  }
}

function lookUpBlob({ index }: ApiDeps, digest: string): Lookup {
  const row = isDigest(digest) && isSha256(digest) ? index.blobs.find(digest) : undefined
  const size = row?.size ?? 0
  return {
    name: digest,
    cached: row === undefined ? 'no' : 'complete',
    digest,
    here: size,
    size,
    missing: [],
  }
}
