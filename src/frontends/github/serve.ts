import { AppError } from '../../domain/errors.ts'
import { createGlob } from '../../domain/glob.ts'
import type { Exchange } from '../front-end.ts'
import { type AnswerDeps, createAnswer, type Scripts } from './answer.ts'
import { ownerOf } from './owner.ts'
import {
  fileNameOf,
  type GithubResource,
  inRepository,
  type NamedResource,
  refOf,
  type StoredAsset,
} from './resource.ts'
import type { GithubSettings } from './settings.ts'
import { createSignposts, isMoved, type PointerAsk } from './signposts.ts'
import { assetWant, type WantContext } from './wants.ts'

/** An address that somebody asked for. */
export interface GithubOperation {
  readonly resource: GithubResource
  readonly scripts: Scripts
}

/** So often a name may lead to another one. */
const MOST_HOPS = 5

/** Serves files of GitHub. What belongs to another repository by now is judged by the name that this one has. */
export function createServe(
  deps: AnswerDeps,
  settings: GithubSettings,
): (op: GithubOperation, exchange: Exchange) => Promise<void> {
  const signposts = createSignposts(deps.cache, settings.hosts)
  const answer = createAnswer(deps, settings)
  const isTrusted = createTokenRule(settings)

  const permit = (repository: string, exchange: Exchange): PointerAsk => {
    const target = { name: `github:${repository}` }
    exchange.access.requirePull(target)
    const mayFollow = (to: URL): boolean => signposts.isOf(to, repository)
    const context: WantContext = { settings, withToken: isTrusted(repository), mayFollow }
    return { context, isKept: exchange.access.mayStore(target) }
  }

  /** Answers, or says what else it is that was asked for. */
  const serveOnce = async (
    resource: NamedResource,
    op: GithubOperation,
    exchange: Exchange,
  ): Promise<NamedResource | undefined> => {
    const { repository } = resource
    exchange.notes.name = nameOf(resource)
    exchange.notes.target = `github:${repository.toLowerCase()}`
    const ask = permit(repository, exchange)
    const mayHaveMoved = /^(?!gist\/).+\//.test(repository)
    const other = mayHaveMoved ? await signposts.known(repository, ask) : undefined
    if (other !== undefined) return inRepository(resource, other)
    try {
      if (resource.kind === 'latest') return await signposts.latest(resource, ask)
      return await answer.named(resource, { ...ask, exchange, scripts: op.scripts })
    } catch (error) {
      if (!mayHaveMoved || !isMoved(error) || exchange.res.headersSent) throw error
      return inRepository(resource, await signposts.renamed(repository, ask))
    }
  }

  const serveAsset = async (asset: StoredAsset, exchange: Exchange): Promise<void> => {
    exchange.notes.name = `github:release-assets/${fileNameOf(asset)}`
    const context: WantContext = { settings, withToken: false, mayFollow: () => false }
    if (!exchange.access.isUnrestricted) permit(await ownerOf(deps.cache, asset, context), exchange)
    const want = assetWant(asset, context)
    await answer.file(exchange, { want, resource: asset })
  }

  return async ({ resource: first, ...op }, exchange) => {
    if (!settings.enabled)
      throw new AppError('not_found', { message: 'files of GitHub are switched off here' })
    exchange.notes.upstream = 'github'
    exchange.notes.kind = 'file'
    if (first.kind === 'asset') return await serveAsset(first, exchange)
    let resource: NamedResource | undefined = first
    for (let hops = 0; resource !== undefined; hops++) {
      if (hops > MOST_HOPS) throw new AppError('not_found', { message: 'its name goes round in circles' })
      resource = await serveOnce(resource, { ...op, resource: first }, exchange)
    }
  }
}

function nameOf(resource: NamedResource): string {
  const ref = resource.kind === 'latest' ? `releases/latest/download/${resource.file}` : refOf(resource)
  return `github:${resource.repository.toLowerCase()}/${ref}`
}

function createTokenRule({ tokenFor }: GithubSettings): (repository: string) => boolean {
  const globs = tokenFor.map((pattern) => createGlob(pattern.toLowerCase()))
  return (repository) => globs.some((matches) => matches(repository.toLowerCase()))
}
