import { z } from 'zod'
import type { Config } from './config.ts'
import { parseShare, parseUpstreamUrl, refuse } from './parsers.ts'
import { optionalText, text } from './values.ts'

/** [traces]: headers and certificates come from the variables that OpenTelemetry itself defines. */
export const traces = z.strictObject({
  endpoint: optionalText({
    about: 'where OTLP over http is taken, "http://collector:4318"; "": off',
    parse: parseEndpoint,
    example: 'http://collector:4318',
  }),
  sample: text({ fallback: '100%', about: 'of all requests', parse: parsePart }),
})

/** The path that OTLP has for traces is added where there is none. */
export function tracesOf({ endpoint, sample }: Config['traces']): Config['traces'] {
  if (endpoint === undefined) return { endpoint: undefined, sample }
  const url = new URL(endpoint)
  if (url.pathname === '/') url.pathname = '/v1/traces'
  return { endpoint: url.href, sample }
}

function parseEndpoint(value: string) {
  const url = URL.parse(value)
  return url !== null && url.username + url.password !== ''
    ? refuse('must hold no credentials: set OTEL_EXPORTER_OTLP_HEADERS in the environment')
    : parseUpstreamUrl(value)
}

function parsePart(value: string) {
  const parsed = parseShare(value)
  return typeof parsed === 'object' && 'share' in parsed
    ? parsed.share
    : refuse('must be a percentage such as "10%"')
}
