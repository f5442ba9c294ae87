import type { AppError } from '../../domain/errors.ts'
import { errorText, printable } from '../error-text.ts'

export interface Rendered {
  readonly status: number
  readonly type: string
  readonly body: Buffer
}

/** An error in the shape that clients expect there: the API says everything in JSON, the rest is read by people. */
export function renderGithubError(error: AppError, isApi: boolean): Rendered {
  const text = printable(errorText(error))
  const code = error.facts.status
  if (!isApi) return { status: code, type: 'text/plain; charset=utf-8', body: Buffer.from(`${text}\n`) }
  const json = JSON.stringify({ message: text, status: String(code) })
  return { status: code, type: 'application/json; charset=utf-8', body: Buffer.from(json) }
}

/** What GitHub said of its quota when it refused, for clients that wait by it. */
export function quotaTold(error: AppError): Readonly<Record<string, string>> {
  const { headers } = error.detail
  if (typeof headers !== 'object' || headers === null) return {}
  const told = Object.entries(headers).filter((entry): entry is [string, string] => isQuota(entry))
  return Object.fromEntries(told)
}

function isQuota([name, value]: [string, unknown]): boolean {
  return typeof value === 'string' && /^x-ratelimit-[a-z]+$/.test(name)
}
