import { AppError } from '../../domain/errors.ts'
import { errorText, printable } from '../error-text.ts'

/** What the hub calls what is not there; clients tell by these words what they may do without. */
export type HfCode = 'RepoNotFound' | 'RevisionNotFound' | 'EntryNotFound' | 'GatedRepo'

const STATUS: Readonly<Record<HfCode, number>> = {
  RepoNotFound: 404,
  RevisionNotFound: 404,
  EntryNotFound: 404,
  GatedRepo: 403,
}

const MESSAGES: Readonly<Record<Exclude<HfCode, 'GatedRepo'>, string>> = {
  RepoNotFound: 'the hub has no such repository, or it is private',
  RevisionNotFound: 'the hub has no such revision of this repository',
  EntryNotFound: 'this revision has no such file',
}

export interface Lack {
  /** What it means when the hub does not say why something is not there. */
  readonly code: Exclude<HfCode, 'GatedRepo'>
  /** Known already: clients remember of a commit what it does not have. */
  readonly commit?: string
}

/** What the work gives; where the hub does not have it, an error that clients of the hub understand. */
export async function orLacking<T>(lack: Lack, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw error instanceof AppError && error.code === 'not_found' ? lacking(lack, error) : error
  }
}

/** The error for what the hub does not have. */
export function lacking({ code, commit }: Lack, cause?: AppError): AppError {
  const told = cause === undefined ? undefined : codeTold(cause)
  const hfCode = told ?? code
  const message = hfCode === 'GatedRepo' ? cause?.message : MESSAGES[hfCode]
  return new AppError('not_found', {
    ...(message === undefined ? {} : { message }),
    detail: { ...cause?.detail, hfCode, commit },
    cause,
  })
}

export interface Refusal {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/** Status, headers and text of an error. */
export function renderHfError(error: AppError): Refusal {
  const code = codeIn(error)
  const text = textOf(error, code)
  const headers: Record<string, string> = { 'x-error-message': text }
  if (code !== undefined) headers['x-error-code'] = code
  const { commit } = error.detail
  if (typeof commit === 'string') headers['x-repo-commit'] = commit
  // Else the Python client takes every 401 of an address like the hub's for a repository that does not exist.
  if (error.facts.status === 401) headers['x-error-message'] = 'Invalid credentials in Authorization header'
  return { status: code === undefined ? error.facts.status : STATUS[code], headers, text }
}

/** What we say of it, else what the hub does. */
function codeIn(error: AppError): HfCode | undefined {
  const { hfCode } = error.detail
  return isHfCode(hfCode) ? hfCode : codeTold(error)
}

/** What the hub said. Only of refusals: a hub that fails says nothing about what it has. */
export function codeTold({ code, detail }: AppError): HfCode | undefined {
  if (code !== 'upstream_denied' && code !== 'upstream_not_found' && code !== 'not_found') return undefined
  const told = toldIn(detail)['x-error-code']
  return isHfCode(told) ? told : undefined
}

function isHfCode(text: unknown): text is HfCode {
  return typeof text === 'string' && Object.hasOwn(STATUS, text)
}

function toldIn({ headers }: AppError['detail']): Readonly<Record<string, unknown>> {
  return typeof headers === 'object' && headers !== null ? { ...headers } : {}
}

function textOf(error: AppError, code: HfCode | undefined): string {
  const { detail, facts } = error
  const message = toldIn(detail)['x-error-message']
  const told = typeof message === 'string' ? message : detail.said
  return printable(`${errorText(error, told)}${adviceFor(facts.status, code)}`)
}

function adviceFor(status: number, code: HfCode | undefined): string {
  if (status === 401) return ': set HF_TOKEN to a pull key of this cache'
  if (code !== 'GatedRepo' && code !== 'RepoNotFound') return ''
  return '; the operator of this cache can name it in huggingface.token_for'
}
