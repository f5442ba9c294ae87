import type { Cache } from '../../cache/cache.ts'
import { AppError } from '../../domain/errors.ts'
import { ALWAYS, createFrontEnd, type Refusal, refusalHeaders, type SettledFrontEnd } from '../frame.ts'
import type { Exchange, RequestLine } from '../front-end.ts'
import type { Keeper } from '../keeper.ts'
import { createAbsences } from './absences.ts'
import { createFindCommit } from './commits.ts'
import { createDocuments } from './documents.ts'
import { renderHfError } from './errors.ts'
import { createFiles, createRawFiles } from './files.ts'
import { shortName } from './name.ts'
import { type HfResource, parseHfPath } from './path.ts'
import { createPermits } from './permit.ts'
import type { HfSettings } from './settings.ts'
import { sendWhoami } from './whoami.ts'

export type HfFrontEnd = SettledFrontEnd<HfResource, HfSettings>

export interface HfDeps {
  readonly cache: Cache
  /** Where it is kept what commits do not have. */
  readonly keeper: Keeper
}

const JSON_TYPE = 'application/json'

/** The read side of the Hugging Face Hub: models, datasets and spaces, for clients with HF_ENDPOINT. */
export function createHfFrontEnd(deps: HfDeps, initial: HfSettings): HfFrontEnd {
  const protocol = { name: 'hf', parse, methods: 'GET, HEAD', refusalOf } as const
  return createFrontEnd(protocol, (settings: HfSettings) => createServe(deps, settings), initial)
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
    notes.target = 'repo' in op ? `hf:${shortName(op.repo)}` : nameOf(op)
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

function refusalOf(error: AppError, { method }: RequestLine): Refusal {
  const { status, headers: told, text } = renderHfError(error)
  const headers = refusalHeaders(JSON_TYPE, told)
  // What is left of a body that nobody reads would be taken for the next request.
  if (method === 'POST') headers['connection'] = 'close'
  return { status, headers, body: Buffer.from(JSON.stringify({ error: text })) }
}
