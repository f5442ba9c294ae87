import { AppError } from '../../domain/errors.ts'
import { createFrontEnd, type Refusal, refusalHeaders, type SettledFrontEnd } from '../frame.ts'
import type { RequestLine } from '../front-end.ts'
import { parseAddress } from './address.ts'
import type { AnswerDeps, Scripts } from './answer.ts'
import { quotaTold, renderGithubError } from './errors.ts'
import { HIDDEN } from './headers.ts'
import { parseGithubPath } from './path.ts'
import { createServe, type GithubOperation } from './serve.ts'
import type { GithubSettings } from './settings.ts'

export type GithubFrontEnd = SettledFrontEnd<GithubOperation, GithubSettings>

const READS = new Set(['GET', 'HEAD'])

/** Files of GitHub under the addresses that they have there: releases, archives, raw files, gists and the API. */
export function createGithubFrontEnd(deps: AnswerDeps, initial: GithubSettings): GithubFrontEnd {
  const protocol = { name: 'github', parse, methods: 'GET, HEAD', refusalOf } as const
  return createFrontEnd(protocol, (settings: GithubSettings) => createServe(deps, settings), initial)
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

function refusalOf(error: AppError, { path }: RequestLine): Refusal {
  const { status, type, body } = renderGithubError(error, API.test(path))
  return { status, headers: refusalHeaders(type, { ...HIDDEN, ...quotaTold(error) }), body }
}
