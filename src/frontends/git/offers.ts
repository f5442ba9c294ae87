import type { Cache } from '../../cache/cache.ts'
import { type Clock, MINUTE, SECOND } from '../../domain/clock.ts'
import { isUpstreamTrouble } from '../../domain/errors.ts'
import { MIB } from '../../domain/units.ts'
import { isRefusal } from '../../git/gate.ts'
import type { Git } from '../../git/git.ts'
import { type LargeFile, LFS_TYPE, type Offered } from '../../git/lfs.ts'
import type { Source } from '../../git/source.ts'
import { ALWAYS } from '../frame.ts'
import type { Exchange } from '../front-end.ts'
import { type Actions, actionFor } from './actions.ts'
import { readBatch } from './batch.ts'
import { type Entered, type Entering, requirePull, serverOf, sourceOf } from './entering.ts'
import { type Signer, writeLink } from './links.ts'
import type { Address } from './path.ts'
import type { GitSettings } from './settings.ts'
import { fileKey } from './wants.ts'

export interface OffersDeps {
  readonly git: Git
  readonly cache: Cache
  readonly signer: Signer
  readonly settings: GitSettings
  readonly entering: Entering
  readonly actions: Actions
  readonly clock: Clock
}

const MOST_ASKED = MIB
/** Of links, so that a long list can be worked through. */
const LIFETIME = 60 * MINUTE

/** Answers git-lfs where large files are (its docs, "Batch API"): here. */
export function createOffers(deps: OffersDeps): (address: Address, exchange: Exchange) => Promise<void> {
  const { git, cache, settings, entering } = deps

  /** Undefined where its server cannot be asked, but what is here may be given. */
  const offersOf = async (
    entered: Entered,
    files: readonly LargeFile[],
  ): Promise<readonly Offered[] | undefined> => {
    if (entered.kind === 'stale') return undefined
    const { source } = entered
    try {
      return await git.batch(source, files)
    } catch (error) {
      if (!isUpstreamTrouble(error) || isRefusal(error)) throw error
      if (!files.some(({ oid }) => cache.source(fileKey(source, oid)) !== undefined)) throw error
      return undefined
    }
  }

  return async (address, exchange) => {
    requirePull(exchange, sourceOf(serverOf(settings, address.host), address).name)
    const { bytes, release } = await git.bodies.read(exchange.req, MOST_ASKED)
    release()
    const files = readBatch(bytes)
    const entered = await entering.enter(address, exchange)
    const answering = { ...deps, exchange, address, source: entered.source }
    const offers = await offersOf(entered, files)
    const objects =
      offers === undefined
        ? files.map((file) => answerFromHere(answering, file))
        : offers.map((offer) => answerFor(answering, offer))
    const answer = { transfer: 'basic', objects: await Promise.all(objects), hash_algo: 'sha256' }
    sendJson(exchange, answer, offers === undefined ? 'stale' : 'revalidated')
  }
}

interface Answering extends OffersDeps {
  readonly exchange: Exchange
  readonly address: Address
  readonly source: Source
}

async function answerFor(answering: Answering, offer: Offered): Promise<object> {
  const { settings, actions, source } = answering
  const { oid, size } = offer
  if (offer.kind === 'error') return { oid, size, error: { code: offer.code, message: offer.message } }
  const action = actionFor(settings, source, offer)
  if (action === undefined) {
    // Nobody configured where it lies: the client may fetch it there, as it would without us.
    return { oid, size, actions: { download: { href: offer.href, header: offer.headers } } }
  }
  actions.keep(source.name, offer, action)
  return { oid, size, authenticated: true, actions: await linkTo(answering, { oid, size }) }
}

async function answerFromHere(answering: Answering, file: LargeFile): Promise<object> {
  const { cache, source } = answering
  if (cache.source(fileKey(source, file.oid)) !== undefined)
    return { ...file, authenticated: true, actions: await linkTo(answering, file) }
  return { ...file, error: { code: 503, message: 'its server cannot be reached, and it is not cached' } }
}

async function linkTo(answering: Answering, file: LargeFile): Promise<object> {
  const { exchange, address, source, signer, clock } = answering
  const until = Math.floor((clock() + LIFETIME) / SECOND)
  // By the name that the repository has now: whoever follows it is judged by that one, and asks there.
  const now = { ...address, path: source.path }
  const href = exchange.urlOf(await writeLink(signer, { ...file, address: now, until }))
  const { authorization } = exchange.req.headers
  // What this client logs in with here, it logs in with there.
  const header = authorization === undefined ? {} : { header: { Authorization: authorization } }
  return { download: { href, ...header, expires_in: LIFETIME / SECOND } }
}

function sendJson(exchange: Exchange, answer: object, outcome: 'stale' | 'revalidated'): void {
  const body = Buffer.from(JSON.stringify(answer))
  exchange.notes.outcome = outcome
  exchange.notes.bytes = body.length
  const headers = {
    ...ALWAYS,
    'content-type': LFS_TYPE,
    'content-length': body.length,
    'cache-control': 'no-store',
    'x-cache': outcome,
    'x-request-id': exchange.id,
  }
  exchange.res.writeHead(200, headers).end(body)
}
