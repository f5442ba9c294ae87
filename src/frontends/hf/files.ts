import type { Cache } from '../../cache/cache.ts'
import { type Content, type Meta, unkept, type Want } from '../../cache/want.ts'
import { AppError } from '../../domain/errors.ts'
import { HF_HOST } from '../../domain/file-hosts.ts'
import type { Exchange } from '../front-end.ts'
import { type Headers, sendContent, sendMeta } from '../send.ts'
import type { Absences } from './absences.ts'
import type { FindCommit, Pointed } from './commits.ts'
import { orLacking } from './errors.ts'
import { headersOfFile, headersOfText } from './file-headers.ts'
import { digestOfNothing, isGitName, requireGitObject } from './git-object.ts'
import type { Repo } from './name.ts'
import { found, foundContent } from './outcome.ts'
import type { Permit } from './permit.ts'
import type { HfSettings } from './settings.ts'
import { etagOf, hexOfContent } from './stated.ts'
import { aboutFile, fileWant, objectKey, rawWant } from './wants.ts'

export interface FilesDeps {
  readonly cache: Cache
  readonly findCommit: FindCommit
  readonly absences: Absences
  readonly settings: HfSettings
}

export type ServeFile = (
  file: { readonly path: string; readonly revision: string },
  permit: Permit,
  answer: { readonly exchange: Exchange; readonly headers: Headers },
) => Promise<void>

/** Serves files of repositories, always from here: whoever is sent elsewhere does not come back. */
export function createFiles({ cache, findCommit, absences, settings }: FilesDeps): ServeFile {
  /** What is known of a file without any of its bytes. */
  const describe = async (want: Want): Promise<Meta> => {
    const meta = await cache.stat(aboutFile(want))
    // A hub that only points to another one leaves it to that one to say.
    return etagOf(meta) === undefined && meta.digest === undefined ? await cache.stat(want) : meta
  }

  return async ({ path, revision }, permit, { exchange, headers }) => {
    requireWelcome(path, settings.denySuffixes)
    const { repo, isKept } = permit
    const pointed = await findCommit(permit, revision)
    const { commit } = pointed
    const lack = { code: 'EntryNotFound', commit } as const
    const digestOfObject = (name: string) => digestOfNothing(name) ?? cache.digest(objectKey(repo, name))
    const ask = { ...permit, commit, path, maxBytes: settings.maxFile, digestOfObject }
    const want = keptAs(permit, fileWant(ask))
    const place = { repo, commit, path, isKept }
    await absences.confirm(place, want.key, exchange)
    const meta = await orLacking(lack, absences.noting(place, describe(want)))
    requireFit(meta.size, settings.maxFile)
    const own = { ...headers, ...headersOfFile({ commit, path, meta }) }
    if (exchange.line.method === 'HEAD') return sendMeta(exchange, found(pointed, meta), own)
    const content = await orLacking(lack, cache.open(wantOfBytes(repo, want, etagOf(meta))))
    await sendFile(exchange, foundContent(confirmedBy(pointed, meta), content), own)
  }
}

/** Serves what git has of files, which says where their content is. */
export function createRawFiles({
  cache,
  findCommit,
  settings,
}: Pick<FilesDeps, 'cache' | 'findCommit' | 'settings'>): ServeFile {
  return async ({ path, revision }, permit, { exchange, headers }) => {
    requireWelcome(path, settings.denySuffixes)
    const pointed = await findCommit(permit, revision)
    const { commit } = pointed
    const lack = { code: 'EntryNotFound', commit } as const
    const want = keptAs(permit, rawWant({ ...permit, commit }, path))
    const own = { ...headers, ...headersOfText({ commit, path }) }
    if (exchange.line.method === 'HEAD') {
      sendMeta(exchange, found(pointed, await orLacking(lack, cache.stat(want))), own)
      return
    }
    const content = await orLacking(lack, cache.open(want))
    await sendFile(exchange, foundContent(pointed, content), own)
  }
}

function keptAs({ isKept }: Permit, want: Want): Want {
  return isKept ? want : unkept(want)
}

/** Bytes that are here are confirmed where the hub just said that they are those of this name. */
function confirmedBy(pointed: Pointed, { outcome }: Meta): Pointed {
  return outcome === 'miss' && pointed.outcome !== 'stale' ? { ...pointed, outcome: 'revalidated' } : pointed
}

/**
 * How to ask for bytes of which the hub said what they are. What git has is known by its name there from then on, too:
 * most commits change few files, and clients ask for what they have by HEAD alone.
 */
function wantOfBytes(repo: Repo, want: Want, etag: string | undefined): Want {
  const hex = hexOfContent(etag)
  const direct = hex === undefined ? undefined : want.byDigest?.(`sha256:${hex}`)
  if (direct !== undefined) return direct
  const { byDigest: _byDigest, digestIn: _digestIn, ...plain } = want
  if (!isGitName(etag)) return plain
  const key = objectKey(repo, etag)
  return { ...plain, check: requireGitObject(etag), byDigest: (digest) => ({ ...plain, key, digest }) }
}

/**
 * Of a file without bytes every range lies outside. Clients ask for the first byte of what they know nothing about, and
 * want to hear how long it is, not that they were wrong.
 */
async function sendFile(exchange: Exchange, content: Content, headers: Headers): Promise<void> {
  const isOfNothing = content.size === 0 && exchange.req.headers.range !== undefined
  if (!isOfNothing) return await sendContent(exchange, content, headers)
  content.close()
  sendMeta(exchange, content, { ...headers, 'content-range': 'bytes */0' })
}

function requireWelcome(path: string, suffixes: readonly string[]): void {
  const name = path.toLowerCase()
  const suffix = suffixes.find((one) => name.endsWith(one))
  if (suffix === undefined) return
  const message = `files that end in ${suffix} are refused here (huggingface.deny_suffixes)`
  throw new AppError('denied', { message })
}

function requireFit(size: number | undefined, limit: number): void {
  if (limit === 0 || size === undefined || size <= limit) return
  const message = 'this file is larger than the cache allows (huggingface.max_file)'
  throw new AppError('too_large', { message, detail: { upstream: HF_HOST, size, limit } })
}
