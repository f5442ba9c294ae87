import { type SpanContext, TraceFlags } from '@opentelemetry/api'

const FORM = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-[\da-f]{2}(?:-.*)?$/

/** The span of whoever asks (W3C Trace Context, "traceparent"); undefined where there is none, or it is malformed. */
export function parentIn(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): SpanContext | undefined {
  const { traceparent } = headers
  const found = typeof traceparent === 'string' && traceparent.length < 200 ? FORM.exec(traceparent) : null
  const [, traceId, spanId] = found ?? []
  if (traceId === undefined || spanId === undefined) return undefined
  return { traceId, spanId, traceFlags: TraceFlags.NONE, isRemote: true }
}
