import type { AppError, ErrorCode } from '../../domain/errors.ts'
import { encodeLine } from '../../git/pkt-line.ts'
import { errorText, printable } from '../error-text.ts'
import type { GitOp } from './path.ts'

/**
 * Where the upstream wants a login, git would ask its user for one when it hears 401, and send it here. So 401 is said
 * only where ours is meant.
 */
const STATUS: Partial<Record<ErrorCode, number>> = { unsupported: 403, name_invalid: 404 }

export interface Refusal {
  readonly status: number
  readonly type: string
  readonly body: Buffer
}

/**
 * Status and text of an error. git shows the text of an answer to its first question only; to the others it can be told
 * why as a packet of a good answer (gitprotocol-pack, "ERR").
 */
export function renderGitError(error: AppError, asked: GitOp['kind'] | undefined): Refusal {
  const text = textOf(error)
  const status = STATUS[error.code] ?? error.facts.status
  if (asked === 'batch' || asked === 'file')
    return {
      status,
      type: 'application/vnd.git-lfs+json',
      body: Buffer.from(JSON.stringify({ message: text })),
    }
  if (asked === 'upload-pack' && status !== 401)
    return { status: 200, type: 'application/x-git-upload-pack-result', body: encodeLine(`ERR ${text}`) }
  return { status, type: 'text/plain; charset=utf-8', body: Buffer.from(`${text}\n`) }
}

function textOf(error: AppError): string {
  const hint = HINTS[error.code]
  return printable(`${errorText(error)}${hint === undefined ? '' : `; ${hint}`}`)
}

const HINTS: Partial<Record<ErrorCode, string>> = {
  upstream_denied:
    'it is private or does not exist; private repositories do not pass this cache, clone them directly',
  upstream_not_found: 'private repositories do not pass this cache, clone them directly',
  name_unknown: 'the operator can name it in git.hosts',
}
