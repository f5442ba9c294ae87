import { unkept, type Want } from '../../cache/want.ts'
import { AppError, isUpstreamTrouble } from '../../domain/errors.ts'
import type { Exchange } from '../front-end.ts'
import { answer, isFetchDisabled, type Serve, type ServingDeps } from './answer.ts'
import { type Book, summedOf } from './book.ts'
import { DIRECT } from './errors.ts'
import type { GoUpstream } from './settings.ts'
import type { Source } from './sources.ts'
import type { Verify } from './verify.ts'
import { type ModuleResource, moduleKey, moduleWant, refOf } from './wants.ts'

export interface ModulesDeps extends ServingDeps {
  readonly verify: Verify
  readonly book: Pick<Book, 'used'>
}

/** Serves the files of modules, from the first upstream that has them. */
export function createModules({
  cache,
  sourceOf,
  verify,
  book,
  settings,
}: ModulesDeps): Serve<ModuleResource> {
  const wantFrom = (
    upstream: GoUpstream,
    { resource, source, isKept, onlyCached, from }: ModuleAsk,
  ): Want => {
    const whenDeleted = upstream === source.upstreams.at(-1) ? 'keep' : 'follow'
    const plain = moduleWant(resource, upstream.name, { listTtl: settings.listTtl, whenDeleted })
    const isPrivate = source.privateBy !== undefined
    // Also for what is here: where the disk lost it, it is fetched again.
    const check = verify({ resource, upstream: upstream.name, isPrivate, isKept })
    const want = onlyCached ? asCached({ ...plain, check }, from) : { ...plain, check }
    return isKept ? want : unkept(want)
  }

  const read = (resource: ModuleResource, exchange: Exchange): ModuleAsk => {
    const { module } = resource
    const target = { name: `go:${module}` }
    exchange.access.requirePull(target)
    const { privateBy, upstreams } = sourceOf(module)
    const onlyCached = isFetchDisabled(exchange)
    // Where only one may be asked, it does not matter who was.
    const isPlain = privateBy === undefined && upstreams.length === 1 && !onlyCached
    const from = isPlain ? undefined : cache.source(moduleKey(module, refOf(resource)))
    const source = { privateBy, upstreams: inOrder({ privateBy, upstreams }, { module, from }) }
    return { resource, source, from, onlyCached, isKept: exchange.access.mayStore(target) }
  }

  return async (resource, exchange, own) => {
    exchange.notes.name = `go:${resource.module}/${refOf(resource)}`
    exchange.notes.target = `go:${resource.module}`
    const ask = read(resource, exchange)
    const { upstreams, privateBy } = ask.source
    const isLarge = resource.kind === 'file' && resource.suffix === 'zip'
    const headers = { ...own, 'content-type': typeOf(resource) }
    const attempt = (upstream: GoUpstream): Promise<void> =>
      answer(exchange, { cache, want: wantFrom(upstream, ask), headers, isLarge })
    const summed = summedOf(resource)
    const used = (): void => {
      if (summed !== undefined) book.used(summed)
    }
    // Also at its end, which may be long after: that is when the file was used last.
    used()
    try {
      await firstOf(upstreams, attempt, () => exchange.res.headersSent)
      used()
    } catch (error) {
      throw settings.whenUnreachable === 'direct' && privateBy === undefined ? direct(error) : error
    }
  }
}

interface ModuleAsk {
  readonly resource: ModuleResource
  /** Its upstreams in the order they are asked. */
  readonly source: Source
  /** Who gave the answer that is here. */
  readonly from: string | undefined
  readonly onlyCached: boolean
  readonly isKept: boolean
}

/** Whoever gave the answer that is here confirms it; then the others, as they are configured. */
function inOrder(
  { privateBy, upstreams }: Source,
  { module, from }: { module: string; from: string | undefined },
): readonly GoUpstream[] {
  if (privateBy !== undefined) {
    if (upstreams.length === 0) throw new AppError('denied', { message: unserved(module, privateBy) })
    const isForeign = from !== undefined && upstreams.every(({ name }) => name !== from)
    if (isForeign) throw new AppError('denied', { message: foreign(module, from) })
  }
  if (upstreams.length === 0)
    throw new AppError('not_found', { message: `no upstream is configured for ${module}` })
  return upstreams.toSorted((a, b) => Number(b.name === from) - Number(a.name === from))
}

function unserved(module: string, pattern: string): string {
  return (
    `${module} is private here (${pattern}) and no upstream is configured for it: ` +
    `the operator adds [[go.upstream]] with match = ["${pattern}/**"], or you set GONOPROXY=${pattern}`
  )
}

/** What a public upstream gave out under a name that is private by now is somebody else's. */
function foreign(module: string, from: string): string {
  return `what is cached of ${module} came from ${from} before it became private: the operator has to evict it`
}

/** Asks one after the other for as long as they do not have it. */
async function firstOf(
  upstreams: readonly GoUpstream[],
  attempt: (upstream: GoUpstream) => Promise<void>,
  isAnswering: () => boolean,
): Promise<void> {
  let missing: unknown
  let trouble: unknown
  for (const upstream of upstreams) {
    try {
      return await attempt(upstream)
    } catch (error) {
      if (isAnswering()) throw error
      if (error instanceof AppError && error.code === 'not_found') missing ??= error
      else if (upstream.onError === 'next' && isUpstreamTrouble(error)) trouble ??= error
      else throw error
    }
  }
  // Of what one of them could not be asked for, nobody knows that it does not exist.
  throw trouble ?? missing
}

/** Nobody is asked for it. */
function asCached(want: Want, from: string | undefined): Want {
  if (from === undefined)
    throw new AppError('not_found', { message: 'temporarily unavailable: it is not cached' })
  return { ...want, freshness: { kind: 'immutable' } }
}

/** Trouble that the source of a module does not share. What was refused for its content stays refused. */
function direct(error: unknown): unknown {
  if (!isUpstreamTrouble(error) || error.code === 'upstream_invalid') return error
  const { code, message, detail, retryAfter } = error
  const options = { message, detail: { ...detail, [DIRECT]: true }, cause: error }
  return new AppError(code, retryAfter === undefined ? options : { ...options, retryAfter })
}

const TEXT = 'text/plain; charset=utf-8'

function typeOf(resource: ModuleResource): string {
  if (resource.kind === 'list') return TEXT
  if (resource.kind !== 'file' || resource.suffix === 'info') return 'application/json'
  return resource.suffix === 'mod' ? TEXT : 'application/zip'
}
