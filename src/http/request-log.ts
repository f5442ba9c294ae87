import { redactKeys } from '../auth/key-text.ts'
import type { AppError } from '../domain/errors.ts'
import type { Log } from '../domain/log.ts'
import type { Exchange } from '../frontends/front-end.ts'

/** What of a request is logged. */
type Logged = Pick<Exchange, 'req' | 'res' | 'notes' | 'line' | 'id'>

/** One line per request: who, what, how it came about, how much, how long. */
export function logRequest(log: Log, exchange: Logged, facts: { client: string; ms: number }): void {
  const { req, res, notes, line, id } = exchange
  const fields = {
    request: id,
    client: facts.client,
    who: notes.who,
    method: line.method,
    name: notes.name ?? redactKeys(line.path),
    status: res.statusCode,
    outcome: notes.outcome,
    bytes: notes.bytes,
    ms: Math.round(facts.ms * 10) / 10,
    agent: req.headers['user-agent'],
    ...errorFields(notes),
  }
  const { error } = notes
  log[error === undefined ? 'info' : levelOf(error)](fields, 'request')
}

function levelOf(error: AppError): 'debug' | 'info' | 'warn' | 'error' {
  return error.facts.level
}

function errorFields({ error, cut }: Exchange['notes']): object {
  if (error === undefined) return {}
  const { code, message, detail, cause } = error
  const inside = code === 'internal' ? { stack: cause instanceof Error ? cause.stack : String(cause) } : {}
  return { error: code, why: redactKeys(message), detail, cut, ...inside }
}
