import { isSha256, parseDigest, type Sha256 } from '../domain/digest.ts'
import { AppError } from '../domain/errors.ts'
import { createFileGlob, fullFilePattern } from '../domain/file-globs.ts'
import { isProtocolName } from '../domain/protocol-names.ts'
import { because } from '../domain/reasons.ts'
import type { VerifyScope } from '../jobs/verify.ts'
import type { ApiDeps } from './deps.ts'
import { selectImages } from './selection.ts'

/**
 * Everything that names mean: images, files and whole repositories with all they hold, mirrors; a bare digest stands for
 * itself. Throws AppError `not_found` for what is not cached.
 */
export async function verifyScope(deps: ApiDeps, names: readonly string[]): Promise<VerifyScope> {
  const bare = names.map(parseDigest).filter((digest) => digest !== undefined && isSha256(digest))
  const rest = names.filter((name) => parseDigest(name) === undefined)
  const files = await scopeOfFiles(deps, rest.filter(isProtocolName))
  const images = await digestsOfImages(
    deps,
    rest.filter((name) => !isProtocolName(name)),
  )
  return {
    digests: [...new Set([...bare.filter(isSha256), ...images, ...files.digests])],
    mirrors: files.mirrors,
  }
}

async function digestsOfImages(deps: ApiDeps, names: readonly string[]): Promise<readonly Sha256[]> {
  if (names.length === 0) return []
  const { images, notFound } = await selectImages(deps, { names })
  const [missing] = notFound
  if (missing !== undefined) throw new AppError('not_found', because('not_cached', { name: missing }))
  return await deps.index.clerk.ask('held', {
    images: images.map(({ upstream, repository, digest }) => ({ upstream, repository, digest })),
  })
}

async function scopeOfFiles({ index, parts }: ApiDeps, names: readonly string[]): Promise<VerifyScope> {
  if (names.length === 0) return { digests: [], mirrors: [] }
  const matches = names.map(fullFilePattern)
  const found = await index.clerk.ask('fileContents', { matches })
  const all = await parts.annex.list()
  const mirrors = matches.map((match) => {
    const { isOfAll } = createFileGlob(match)
    return all.filter(({ name }) => isOfAll(`git:${name}`)).map(({ name }) => name)
  })
  const lost = names.find((_, at) => found[at]?.length === 0 && mirrors[at]?.length === 0)
  if (lost !== undefined) throw new AppError('not_found', because('not_cached', { name: lost }))
  return { digests: found.flat(), mirrors: [...new Set(mirrors.flat())] }
}
