import { withoutControls } from '../domain/text.ts'
import { formatBytes } from '../domain/units.ts'

type Fields = Readonly<Record<string, unknown>>

/** Fields that every line has, or that its words say already. */
const SAID = new Set(['level', 'time', 'msg', 'event', 'name'])

/** One event as a person reads it on a terminal: a request in one line of words, anything else with its fields. */
export function textOf(event: Fields): string {
  return event['msg'] === 'request' ? requestText(event) : `${word(event['msg'])}${restText(event)}`
}

function requestText(event: Fields): string {
  const { client, method, name, status, outcome, bytes, ms, error, why } = event
  const size = typeof bytes === 'number' && bytes > 0 ? ` ${formatBytes(bytes)}` : ''
  const how = outcome === undefined ? '' : ` ${word(outcome)}`
  const trouble = error === undefined ? '' : `  ${word(error)}: ${word(why)}${saidText(event['detail'])}`
  return `${word(client)} ${word(method)} ${word(name)} ${word(status)}${how}${size} ${word(ms)} ms${trouble}`
}

/** What the upstream said, for a request that failed because of it. */
function saidText(detail: unknown): string {
  if (typeof detail !== 'object' || detail === null) return ''
  const { upstream, said } = detail as { upstream?: unknown; said?: unknown }
  return said === undefined ? '' : ` (${upstream === undefined ? '' : `${word(upstream)}: `}${word(said)})`
}

function restText(event: Fields): string {
  const rest = Object.entries(event).filter(([name]) => !SAID.has(name))
  return rest.length === 0 ? '' : `  ${rest.map(([name, value]) => `${name}=${word(value)}`).join(' ')}`
}

/** Control characters never reach the terminal. */
function word(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  return withoutControls(text)
}
