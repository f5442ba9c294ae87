import { unkept } from '../../cache/want.ts'
import { SECOND } from '../../domain/clock.ts'
import { AppError } from '../../domain/errors.ts'
import { isRefusal } from '../../git/gate.ts'
import type { Source } from '../../git/source.ts'
import { ALWAYS } from '../frame.ts'
import type { Exchange } from '../front-end.ts'
import { sendContent, sendMeta } from '../send.ts'
import { type Action, actionFor } from './actions.ts'
import { mayStore, requirePull, serverOf, sourceOf } from './entering.ts'
import { type Link, readLink } from './links.ts'
import type { OffersDeps } from './offers.ts'
import { fileKey, fileWant } from './wants.ts'

export interface AskedFile {
  readonly oid: string
  readonly query: string
}

/** Sends large files to whoever comes with a link of ours: their names are their SHA-256, so they are content like any other. */
export function createFiles(
  deps: Omit<OffersDeps, 'entering'>,
): (asked: AskedFile, exchange: Exchange) => Promise<void> {
  const { git, cache, signer, settings, actions, clock } = deps

  /** How to ask for it: as its server said lately, or says now. */
  const actionOf = async (link: Link, source: Source): Promise<Action> => {
    const known = actions.find(source.name, link.oid)
    if (known !== undefined) return known
    const [offer] = await git.batch(source, [{ oid: link.oid, size: link.size }])
    const action = offer?.kind === 'there' ? actionFor(settings, source, offer) : undefined
    if (offer?.kind !== 'there' || action === undefined)
      throw new AppError('not_found', { message: 'its server does not have it' })
    actions.keep(source.name, offer, action)
    return action
  }

  /** For what is here it does not matter: nobody is asked for it. */
  const orNobody =
    (source: Source, oid: string) =>
    (error: unknown): Action => {
      if (cache.source(fileKey(source, oid)) === undefined) throw error
      return { upstream: source.upstream, path: `${source.path}/info/lfs/objects/${oid}` }
    }

  return async (asked, exchange) => {
    const link = await readLink(signer, asked)
    if (link === undefined || link.until * SECOND < clock())
      throw new AppError('denied', { message: 'this link is too old, or it is none of ours: fetch again' })
    const source = sourceOf(serverOf(settings, link.address.host), link.address)
    exchange.notes.name = `git:${source.name}/lfs/${link.oid}`
    exchange.notes.target = `git:${source.name}`
    requirePull(exchange, source.name)
    const action = await actionOf(link, source).catch(orNobody(source, link.oid))
    const want = fileWant(link, source, { action, maxFile: settings.maxFile })
    const kept = mayStore(exchange, source.name) ? want : unkept(want)
    const headers = { ...ALWAYS, 'content-type': 'application/octet-stream' }
    try {
      if (exchange.line.method === 'HEAD') sendMeta(exchange, await cache.stat(kept), headers)
      else await sendContent(exchange, await cache.open(kept), headers)
    } catch (error) {
      // Its address may have been good for less than it said.
      if (isRefusal(error)) actions.forget(source.name, link.oid)
      throw error
    }
  }
}
