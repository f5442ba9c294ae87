import type { Cache } from '../../cache/cache.ts'
import type { Clock } from '../../domain/clock.ts'
import { AppError } from '../../domain/errors.ts'
import type { Log } from '../../domain/log.ts'
import { MIB } from '../../domain/units.ts'
import type { Git } from '../../git/git.ts'
import { PacketError } from '../../git/pkt-line.ts'
import { REQUEST_TYPE } from '../../git/remote.ts'
import { parseUploadRequest, type UploadRequest } from '../../git/request.ts'
import { createFrontEnd, type Refusal, refusalHeaders, type SettledFrontEnd } from '../frame.ts'
import type { Exchange, RequestLine } from '../front-end.ts'
import { createActions } from './actions.ts'
import { createEntering, requirePull, serverOf, sourceOf } from './entering.ts'
import { renderGitError } from './errors.ts'
import { createFiles } from './files.ts'
import type { Signer } from './links.ts'
import { createOffers } from './offers.ts'
import { createPackServing } from './packs.ts'
import { type Address, type GitOp, parseGitPath } from './path.ts'
import { createRefsServing } from './refs.ts'
import type { GitSettings } from './settings.ts'

export type GitFrontEnd = SettledFrontEnd<GitOp, GitSettings>

export interface GitDeps {
  readonly git: Git
  readonly cache: Cache
  /** Signs links to large files. */
  readonly signer: Signer
  readonly clock: Clock
  readonly log: Log
  /** Milliseconds that a client waits for a mirror. */
  readonly wait?: number
}

const MOST_ASKED = 32 * MIB

/** git clone and fetch from mirrors (gitprotocol-http), and the large files of git-lfs. */
export function createGitFrontEnd(deps: GitDeps, initial: GitSettings): GitFrontEnd {
  const protocol = { name: 'git', parse: parseGitPath, refusalOf } as const
  return createFrontEnd(protocol, (settings: GitSettings) => createServe(deps, settings), initial)
}

function createServe(deps: GitDeps, settings: GitSettings): GitFrontEnd['serve'] {
  const { git, clock, log } = deps
  const entering = createEntering({ ...git, settings, clock })
  const refs = createRefsServing({ git, entering, clock, log })
  const sendPack = createPackServing(deps)
  const actions = createActions(clock)
  const offer = createOffers({ ...deps, settings, entering, actions })
  const sendFile = createFiles({ ...deps, settings, actions })

  const refusePush = (address: Address, exchange: Exchange): never => {
    requirePull(exchange, sourceOf(serverOf(settings, address.host), address).name)
    const message = `this cache is only read: push to https://${address.host}${address.path} itself`
    throw new AppError('unsupported', { message })
  }

  const serveUpload = async (address: Address, exchange: Exchange): Promise<void> => {
    // Before a byte of it is taken: whoever may not pull sends nothing here.
    requirePull(exchange, sourceOf(serverOf(settings, address.host), address).name)
    if (exchange.req.headers['content-type'] !== REQUEST_TYPE)
      throw new AppError('bad_request', { message: `a request of git has the type ${REQUEST_TYPE}` })
    const { bytes: body, release } = await git.bodies.read(exchange.req, MOST_ASKED)
    try {
      const ask = parsed(body)
      const entered = await entering.enter(address, exchange)
      if (ask.kind === 'ls-refs') await refs.list(entered, ask, exchange)
      else if (ask.kind === 'fetch') await sendPack(entered, { ...ask, body }, exchange)
      else throw new AppError('bad_request', { message: `git's command ${ask.command} is not known here` })
    } finally {
      release()
    }
  }

  return async (op, exchange) => {
    exchange.notes.upstream = 'git'
    exchange.notes.kind = 'file'
    switch (op.kind) {
      case 'refs':
        if (op.service === 'git-upload-pack') return await refs.advertise(op.address, exchange)
        if (op.service === 'git-receive-pack') return refusePush(op.address, exchange)
        throw new AppError('bad_request', { message: 'this git is too old: it does not speak smart HTTP' })
      case 'upload-pack':
        return await serveUpload(op.address, exchange)
      case 'push':
        return refusePush(op.address, exchange)
      case 'batch':
        return await offer(op.address, exchange)
      case 'file':
        return await sendFile(op, exchange)
    }
  }
}

function parsed(body: Buffer): UploadRequest {
  try {
    return parseUploadRequest(body)
  } catch (error) {
    if (!(error instanceof PacketError)) throw error
    throw new AppError('bad_request', {
      message: `this is no request of git: ${error.message}`,
      cause: error,
    })
  }
}

function refusalOf(error: AppError, line: RequestLine): Refusal {
  const { status, type, body } = renderGitError(error, askedIn(line))
  return { status, headers: refusalHeaders(type), body }
}

/** Also for what could not be parsed. */
function askedIn({ path }: RequestLine): GitOp['kind'] | undefined {
  if (path.endsWith('/git-upload-pack')) return 'upload-pack'
  if (path.startsWith('/_lfs/')) return 'file'
  return path.includes('/info/lfs/') ? 'batch' : undefined
}
