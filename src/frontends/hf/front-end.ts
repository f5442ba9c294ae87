import type { Cache } from '../../cache/cache.ts'
import { AppError } from '../../domain/errors.ts'
import type { Exchange, FrontEnd, RequestLine } from '../front-end.ts'
import type { Headers } from '../send.ts'
import { createAbsences, type Keeper } from './absences.ts'
import { createFindCommit } from './commits.ts'
import { createDocuments } from './documents.ts'
import { renderHfError } from './errors.ts'
import { createFiles, createRawFiles } from './files.ts'
import { shortName } from './name.ts'
import { type HfResource, parseHfPath } from './path.ts'
import { createPermits } from './permit.ts'
import type { HfSettings } from './settings.ts'
import { sendWhoami } from './whoami.ts'

export interface HfFrontEnd extends FrontEnd<HfResource> {
  /** Takes other settings into use from the next request on. */
  update(settings: HfSettings): void
}

export interface HfDeps {
  readonly cache: Cache
  /** Where it is kept what commits do not have. */
  readonly keeper: Keeper
}

/** On every answer: nothing here is a page. */
const ALWAYS: Headers = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; sandbox",
}

const JSON_TYPE = 'application/json'

/** The read side of the Hugging Face Hub: models, datasets and spaces, for clients with HF_ENDPOINT. */
export function createHfFrontEnd(deps: HfDeps, initial: HfSettings): HfFrontEnd {
  let serve = createServe(deps, initial)
  return {
    name: 'hf',
    parse,
    needOf: () => 'pull',
    serve: (op, exchange) => serve(op, exchange),
    fail,
    update: (settings) => {
      serve = createServe(deps, settings)
    },
  }
}

function createServe({ cache, keeper }: HfDeps, settings: HfSettings): HfFrontEnd['serve'] {
  const permits = createPermits(settings.tokenFor)
  const findCommit = createFindCommit(cache, settings)
  const absences = createAbsences(cache, keeper)
  const serveFile = createFiles({ cache, findCommit, absences, settings })
  const serveRaw = createRawFiles({ cache, findCommit, settings })
  const documents = createDocuments({ cache, findCommit, settings })

  const serveRepo = async (op: OfRepository, exchange: Exchange): Promise<void> => {
    const permit = permits(op.repo, exchange)
    const answering = { exchange, headers: { ...ALWAYS, 'content-type': JSON_TYPE } }
    switch (op.kind) {
      case 'file':
        return await serveFile(op, permit, { exchange, headers: ALWAYS })
      case 'raw':
        return await serveRaw(op, permit, { exchange, headers: ALWAYS })
      case 'manifest':
        requireLlama(exchange)
        return await documents.ofRepo(op, permit, answering)
      case 'refs':
      case 'access':
        return await documents.ofRepo(op, permit, answering)
      default:
        await documents.ofCommit(op, permit, answering)
    }
  }

  return async (op, exchange) => {
    if (!settings.enabled) throw new AppError('not_found', { message: 'Hugging Face is switched off here' })
    const { notes, access } = exchange
    notes.upstream = 'hf'
    notes.kind = 'file'
    notes.name = nameOf(op)
    if ('repo' in op) return await serveRepo(op, exchange)
    const headers = { ...ALWAYS, 'content-type': JSON_TYPE }
    if (op.kind === 'whoami') {
      sendWhoami(exchange, headers)
      return
    }
    // What it finds may be anything: rules that are about some names are about all of the list.
    access.requirePull({ name: `hf:${op.type}` })
    await documents.search(op, { exchange, headers })
  }
}

type OfRepository = Extract<HfResource, { readonly repo: unknown }>

/** Elsewhere such a path is a registry's, and clients that mean one would take its answers for a broken one. */
function requireLlama({ req }: Exchange): void {
  if (/^llama-cpp\b/i.test(req.headers['user-agent'] ?? '')) return
  const message = 'no registry is here: this address is for llama.cpp alone'
  throw new AppError('not_found', { message })
}

/** What an operation is about, as people name it. */
function nameOf(op: HfResource): string {
  if (op.kind === 'whoami') return 'hf:whoami'
  if (op.kind === 'search') return `hf:${op.type}`
  const name = `hf:${shortName(op.repo)}`
  if (op.kind === 'refs' || op.kind === 'access') return name
  if (op.kind === 'manifest') return `${name}/manifests/${op.tag}`
  const path = op.kind === 'paths' || op.path === '' ? '' : `/${op.path}`
  return `${name}/${op.revision}${path}`
}

function parse({ method, path, query }: RequestLine): HfResource | undefined {
  if (path !== '/hf' && !path.startsWith('/hf/')) return undefined
  const op = parseHfPath(path, query)
  const methods = op?.kind === 'paths' ? ['POST'] : ['GET', 'HEAD']
  if (methods.includes(method)) return op
  throw new AppError('unsupported', { message: 'repositories are only read here' })
}

const fail: FrontEnd<HfResource>['fail'] = (
  error,
  exchange: Pick<Exchange, 'id' | 'line' | 'notes' | 'res'>,
) => {
  const { status, headers: told, text } = renderHfError(error)
  const body = Buffer.from(JSON.stringify({ error: text }))
  const headers: Headers = {
    ...ALWAYS,
    ...told,
    'content-type': JSON_TYPE,
    'content-length': body.length,
    'cache-control': 'no-store',
    'x-cache': exchange.notes.outcome ?? 'miss',
    'x-request-id': exchange.id,
  }
  if (error.retryAfter !== undefined) headers['retry-after'] = Math.max(1, Math.ceil(error.retryAfter))
  if (error.code === 'unsupported') headers['allow'] = 'GET, HEAD'
  // What is left of a body that nobody reads would be taken for the next request.
  if (exchange.line.method === 'POST') headers['connection'] = 'close'
  exchange.res.writeHead(status, headers)
  exchange.res.end(exchange.line.method === 'HEAD' ? undefined : body)
}
