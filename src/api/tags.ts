import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import { writeUses } from '../cache/uses.ts'
import type { TagLine } from '../db/accounts/tags.ts'
import { parseDigest } from '../domain/digest.ts'
import { AppError } from '../domain/errors.ts'
import { because } from '../domain/reasons.ts'
import { queryOf } from './answer.ts'
import { orBadRequest, withoutUndefined } from './asking.ts'
import type { TagRowFull } from './contract-contents.ts'
import { lastDeed } from './deeds.ts'
import type { ApiDeps } from './deps.ts'
import { createPlatforms, type Platforms } from './platforms.ts'
import { mapPage, toImageRow } from './rows.ts'
import { conditionsOf, parseName } from './selection.ts'
import { seesAll, shownNames, shownPage } from './shown.ts'
import { tagState } from './tag-state.ts'
import { visitorOf } from './visitor.ts'

const USUAL = 100
const page = {
  name: z.string().min(1).max(1000),
  limit: z.coerce.number().int().min(1).max(500).default(USUAL),
  cursor: z.string().max(4000).optional(),
}
export const tagsAsk = z.strictObject({
  ...page,
  filter: z.string().max(1000).optional(),
  sort: z.string().max(40).optional(),
})
export const digestsAsk = z.strictObject(page)

/** What one repository has: its tags, and what has none. No upstream is asked. */
export function tagRoutes(router: Router, deps: ApiDeps): void {
  const { index } = deps
  const platforms = createPlatforms(deps)

  router.get('/tags', async (ctx) => {
    const { name, filter, ...rest } = queryOf(ctx, tagsAsk)
    const place = repositoryOf(ctx, deps, name)
    const conditions = conditionsOf(deps, filter)
    writeUses(deps.index)
    await deps.describe()
    const ask = { ...place, conditions, since: lastDeed(deps), ...withoutUndefined(rest) }
    const found = await shownPage(ctx, ask, async (part) => {
      const read = await orBadRequest(index.clerk.ask('tags', { ...ask, ...part }))
      return { ...read, items: read.items.map((line) => ({ ...place, tags: [line.tag], line })) }
    })
    const may = mayOf(ctx, place)
    const items = await Promise.all(
      found.items.map(({ line }) => toRow(deps, { line, platforms, may, upstream: place.upstream })),
    )
    ctx.body = mapPage({ ...found, items }, (row) => row)
  })
  router.get('/digests', async (ctx) => {
    const { name, ...rest } = queryOf(ctx, digestsAsk)
    const place = repositoryOf(ctx, deps, name)
    writeUses(deps.index)
    const ask = { ...place, ...withoutUndefined(rest) }
    const found = await shownPage(ctx, ask, (part) =>
      orBadRequest(index.clerk.ask('untagged', { ...ask, ...part })),
    )
    const may = mayOf(ctx, place)
    ctx.body = mapPage(found, (row) => ({
      ...toImageRow(row),
      parents: row.parents.filter((parent) => may(refOf(parent))),
    }))
  })
}

interface Place {
  readonly upstream: string
  readonly repository: string
}

/** Throws AppError for names that are malformed, and `denied` for what this user may not pull. */
export function repositoryOf(ctx: Context, deps: ApiDeps, name: string): Place {
  const { route, reference } = parseName(deps, name)
  if (reference !== undefined) throw new AppError('bad_request', because('no_repository', { name }))
  const place = { upstream: route.upstream.name, repository: route.repository }
  const full = `${place.upstream}/${place.repository}`
  if (shownNames(ctx, [full]).length === 0) visitorOf(ctx).access.requirePull({ name: full })
  return place
}

/** Whether who asks may pull a tag or digest of a repository. */
function mayOf(ctx: Context, { upstream, repository }: Place): (reference: string) => boolean {
  const { access } = visitorOf(ctx)
  const name = `${upstream}/${repository}`
  return (reference) => seesAll(access) || access.mayPull({ name, reference })
}

function refOf(name: string): string {
  return name.includes('@') ? name.slice(name.indexOf('@') + 1) : name.slice(name.lastIndexOf(':') + 1)
}

interface Listed {
  readonly line: TagLine
  readonly platforms: Platforms
  /** Whether a tag may be told. */
  readonly may: (tag: string) => boolean
  readonly upstream: string
}

async function toRow(
  { config, clock }: ApiDeps,
  { line, platforms, may, upstream }: Listed,
): Promise<TagRowFull> {
  const { isIndex, parts, ...rest } = line
  const digest = parseDigest(line.digest)
  const names = digest === undefined ? undefined : await platforms.of(digest, isIndex)
  return {
    ...rest,
    aliases: line.aliases.filter(may),
    platforms: parts.map((part) => ({ platform: names?.get(part.digest), state: part.state })),
    state: tagState(config(), { ...line, upstream }, clock()),
  }
}
