import { AppError } from '../../domain/errors.ts'
import type { FrontEnd, RequestLine } from '../front-end.ts'
import type { Headers } from '../send.ts'
import { parseAddress } from './address.ts'
import type { AnswerDeps, Scripts } from './answer.ts'
import { quotaTold, renderGithubError } from './errors.ts'
import { ALWAYS } from './headers.ts'
import { parseGithubPath } from './path.ts'
import { createServe, type GithubOperation } from './serve.ts'
import type { GithubSettings } from './settings.ts'

export interface GithubFrontEnd extends FrontEnd<GithubOperation> {
  /** Takes other settings into use from the next request on. */
  update(settings: GithubSettings): void
}

const READS = new Set(['GET', 'HEAD'])

/** Files of GitHub under the addresses that they have there: releases, archives, raw files, gists and the API. */
export function createGithubFrontEnd(deps: AnswerDeps, initial: GithubSettings): GithubFrontEnd {
  let serve = createServe(deps, initial)
  return {
    name: 'github',
    parse,
    needOf: () => 'pull',
    serve: (op, exchange) => serve(op, exchange),
    fail,
    update: (settings) => {
      serve = createServe(deps, settings)
    },
  }
}

function parse({ method, path, query: asked }: RequestLine): GithubOperation | undefined {
  const address = parseAddress(path)
  if (address === undefined) return undefined
  if (!READS.has(method)) throw new AppError('unsupported', { message: 'files of GitHub are only read here' })
  const { query, isOriginal } = withoutOurs(asked)
  const scripts: Scripts = isOriginal ? 'original' : address.isScript ? 'rewritten' : 'usual'
  return { resource: parseGithubPath({ ...address, query }), scripts }
}

/** "original=1" is for us: the file as it is, whatever is done to scripts otherwise. */
function withoutOurs(query: string): { readonly query: string; readonly isOriginal: boolean } {
  if (!/(?:^|&)original=1(?:&|$)/.test(query)) return { query, isOriginal: false }
  const rest = query.split('&').filter((one) => one !== 'original=1')
  return { query: rest.join('&'), isOriginal: true }
}

const API = /^\/(?:sh\/)?(?:https?:\/{1,2})?api\.github\.com[:/]/i

const fail: FrontEnd<GithubOperation>['fail'] = (error, { id, line, notes, res }) => {
  const { status, type, body } = renderGithubError(error, API.test(line.path))
  const headers: Headers = {
    ...ALWAYS,
    ...quotaTold(error),
    'content-type': type,
    'content-length': body.length,
    'cache-control': 'no-store',
    'x-cache': notes.outcome ?? 'miss',
    'x-request-id': id,
  }
  if (error.retryAfter !== undefined) headers['retry-after'] = Math.max(1, Math.ceil(error.retryAfter))
  if (error.code === 'unsupported') headers['allow'] = 'GET, HEAD'
  res.writeHead(status, headers)
  res.end(line.method === 'HEAD' ? undefined : body)
}
