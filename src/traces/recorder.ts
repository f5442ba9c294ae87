import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources'
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  type SpanExporter,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { MINUTE, SECOND } from '../domain/clock.ts'
import type { Log } from '../domain/log.ts'
import { parentIn } from './parent.ts'
import type { Ended } from './words.ts'

export interface OpenSpan {
  readonly context: Context
  end(ended: Ended): void
}

/** What makes spans and sends them away. */
export interface Recorder {
  /** Of a request; undefined where it is not among those that are looked at. */
  begin(headers: Headers): OpenSpan | undefined
  below(parent: OpenSpan): OpenSpan
  close(): Promise<void>
}

type Headers = Readonly<Record<string, string | string[] | undefined>>

/** Waiting spans that are kept; more are dropped, so that a collector that is away costs no memory. */
const MOST = 2048
const LAST_WORDS = 3 * SECOND

/** Sends to an OTLP endpoint in batches. Headers and certificates come from the variables of OpenTelemetry. */
export function createRecorder(settings: {
  readonly endpoint: string
  readonly sample: number
  readonly version: string
  readonly log: Log
}): Recorder {
  const { endpoint, sample, version, log } = settings
  const exporter = telling(new OTLPTraceExporter({ url: endpoint, timeoutMillis: 10 * SECOND }), log)
  const own = resourceFromAttributes({ 'service.name': 'cachalot', 'service.version': version })
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(own)
      .merge(detectResources({ detectors: [envDetector] })),
    sampler: new AlwaysOnSampler(),
    spanProcessors: [new BatchSpanProcessor({ exporter, maxQueueSize: MOST })],
  })
  const tracer: Tracer = provider.getTracer('cachalot', version)
  const start = (kind: SpanKind, context: Context): Span => tracer.startSpan('', { kind }, context)
  const open = (span: Span): OpenSpan => ({
    context: trace.setSpan(ROOT_CONTEXT, span),
    end: ({ name, attributes, failed }) => {
      span.updateName(name)
      span.setAttributes(attributes)
      if (failed !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failed })
      span.end()
    },
  })
  return {
    begin: (headers) => {
      // Not by the trace's number, as usual: whoever asks chooses that, and may not decide how much is written down.
      if (Math.random() >= sample) return undefined
      const parent = parentIn(headers)
      const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent)
      return open(start(SpanKind.SERVER, context))
    },
    below: ({ context }) => open(start(SpanKind.CLIENT, context)),
    close: async () => {
      // It would go on trying for longer than a stop should take.
      const late = sleep(LAST_WORDS, undefined, { ref: false })
      await Promise.race([provider.shutdown(), late]).catch(() => undefined)
    },
  }
}

/** Says now and then that nobody takes what is sent. */
function telling(exporter: SpanExporter, log: Log): SpanExporter {
  let saidAt = -Infinity
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.error !== undefined && performance.now() - saidAt > 10 * MINUTE) {
          saidAt = performance.now()
          log.warn({ event: 'traces', why: result.error.message }, 'traces could not be sent')
        }
        done(result)
      }),
    shutdown: () => exporter.shutdown(),
  }
}
