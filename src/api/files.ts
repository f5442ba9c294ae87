import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import { writeUses } from '../cache/uses.ts'
import type { FilesAsk } from '../db/accounts/files.ts'
import { AppError } from '../domain/errors.ts'
import { type FileName, fileText, parseFullName } from '../domain/file-names.ts'
import { because } from '../domain/reasons.ts'
import { queryOf } from './answer.ts'
import { orBadRequest, withoutUndefined } from './asking.ts'
import type { FileDetail, FileSums } from './contract-files.ts'
import { lastDeed } from './deeds.ts'
import type { ApiDeps } from './deps.ts'
import { filePins, mirrorsOf, toFileRow } from './file-rows.ts'
import { fileConditionsOf, fileKind, globOf } from './file-selection.ts'
import { listAsk, nameAsk } from './images.ts'
import { mapPage } from './rows.ts'
import { requirePlaceShown, seesAll, shownNames, shownPage } from './shown.ts'
import { visitorOf } from './visitor.ts'

export const filesAsk = z.strictObject({ ...listAsk.shape, kind: fileKind.optional() })

/** Names of other files that are told. */
const MOST_SHARED = 10

/** What is cached beside images: files, versions of modules, mirrors of git. No upstream is asked. */
export function fileRoutes(router: Router, deps: ApiDeps): void {
  router.get('/files', async (ctx) => {
    writeUses(deps.index)
    const ask = await toAsk(deps, queryOf(ctx, filesAsk))
    const page = await shownPage(ctx, ask, (part) =>
      orBadRequest(deps.index.clerk.ask('files', { ...ask, ...part })),
    )
    ctx.body = mapPage(page, (item) => toFileRow(deps, item))
  })
  router.get('/files/kinds', async (ctx) => {
    const mirrors = await mirrorsOf(deps)
    ctx.body = { items: await sumsOf(ctx, deps, mirrors) }
  })
  router.get('/file', async (ctx) => {
    writeUses(deps.index)
    const name = fileOf(queryOf(ctx, nameAsk).name)
    requirePlaceShown(ctx, placeOf(name))
    ctx.body = await detailOf(ctx, deps, name)
  })
}

async function toAsk(deps: ApiDeps, { q, filter, ...rest }: z.output<typeof filesAsk>): Promise<FilesAsk> {
  return {
    ...withoutUndefined(rest),
    since: lastDeed(deps),
    ...(q === undefined || q === '' ? {} : { q: globOf(q) }),
    conditions: fileConditionsOf(deps, filter),
    pins: filePins(deps),
    mirrors: await mirrorsOf(deps),
  }
}

/** What whoever asks may pull. */
async function sumsOf(
  ctx: Context,
  { index }: ApiDeps,
  mirrors: FilesAsk['mirrors'],
): Promise<readonly FileSums[]> {
  const since = lastDeed({ index })
  if (seesAll(visitorOf(ctx).access))
    return await index.clerk.ask('fileKinds', { only: undefined, mirrors, since })
  const places = await index.clerk.ask('fileRepositories', undefined)
  const shown = new Set(
    shownNames(
      ctx,
      places.map(({ name }) => name),
    ),
  )
  const only = places.flatMap(({ id, name }) => (shown.has(name) ? [id] : []))
  const isShown = ({ repository }: FilesAsk['mirrors'][number]): boolean =>
    shownNames(ctx, [placeOf({ kind: 'git', repository, file: undefined })]).length > 0
  return await index.clerk.ask('fileKinds', { only, mirrors: mirrors.filter(isShown), since })
}

/** Throws AppError `not_found` for what is no name of a file. */
function fileOf(name: string): FileName {
  const file = parseFullName(name)
  if (file === undefined)
    throw new AppError('not_found', because('no_file_name', { name, example: 'hf:org/model/…' }))
  return file
}

function placeOf(name: FileName): string {
  return fileText({ ...name, file: undefined })
}

async function detailOf(ctx: Context, deps: ApiDeps, name: FileName): Promise<FileDetail> {
  const { kind, repository, file } = name
  const pins = filePins(deps)
  if (file === undefined) return await mirrorDetail(deps, name)
  const found = await deps.index.clerk.ask('file', { kind, repository, file, pins })
  if (found === undefined) throw notCached(name)
  const shared = found.sharedWith.filter(({ place }) => shownNames(ctx, [place]).length > 0)
  return {
    file: toFileRow(deps, found.file),
    entries: found.entries.map(({ ref, ...entry }) => ({ name: `${placeOf(name)}/${ref}`, ...entry })),
    sharedWith: shared.slice(0, MOST_SHARED).map((one) => one.name),
  }
}

/** All of a repository is one thing only where it is a mirror. */
async function mirrorDetail(deps: ApiDeps, name: FileName): Promise<FileDetail> {
  const mirrors = (await mirrorsOf(deps)).filter(({ repository }) => repository === name.repository)
  if (name.kind !== 'git' || mirrors.length === 0) throw notCached(name)
  const ask = { kind: 'git', q: placeOf(name), pins: filePins(deps), mirrors, limit: 1 } as const
  const { items } = await deps.index.clerk.ask('files', ask)
  const [mirror] = items.filter(({ file }) => file === '')
  if (mirror === undefined) throw notCached(name)
  return { file: toFileRow(deps, mirror), entries: [], sharedWith: [] }
}

function notCached(name: FileName): AppError {
  return new AppError('not_found', because('not_cached', { name: fileText(name) }))
}
