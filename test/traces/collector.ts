import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

/** A span as it was sent: ids in hexadecimal digits, attributes as plain values. */
export interface SentSpan {
  readonly name: string
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly attributes: Readonly<Record<string, string | number | undefined>>
  readonly status: number
  readonly took: number
}

export interface Collector {
  readonly url: string
  readonly spans: readonly SentSpan[]
  /** Attributes of whoever sent the last of them. */
  readonly resource: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, unknown>>
}

interface Attribute {
  key: string
  value: { stringValue?: string; intValue?: number | string; doubleValue?: number }
}

interface Batch {
  resourceSpans: {
    resource: { attributes: Attribute[] }
    scopeSpans: { spans: (Omit<SentSpan, 'attributes' | 'status'> & Raw)[] }[]
  }[]
}

interface Raw {
  attributes: Attribute[]
  status?: { code?: number }
  startTimeUnixNano: string
  endTimeUnixNano: string
}

/** Takes OTLP over http as JSON (opentelemetry-proto, "OTLP/HTTP"), below /v1/traces alone. */
export async function startCollector(t: TestContext): Promise<Collector> {
  const spans: SentSpan[] = []
  const seen = { resource: {}, headers: {} }
  const take = (req: IncomingMessage, text: string): void => {
    const batch = JSON.parse(text) as Batch // as the protocol says
    seen.headers = req.headers
    for (const { resource, scopeSpans } of batch.resourceSpans) {
      seen.resource = plain(resource.attributes)
      for (const span of scopeSpans.flatMap((scope) => scope.spans)) spans.push(readSpan(span))
    }
  }
  const server = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      const isRight = req.url === '/v1/traces' && req.method === 'POST'
      if (isRight) take(req, Buffer.concat(chunks).toString())
      res.writeHead(isRight ? 200 : 404, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  t.after(() => void server.close())
  const { port } = server.address() as AddressInfo // it listens on TCP
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    get resource() {
      return seen.resource
    },
    get headers() {
      return seen.headers
    },
  }
}

function readSpan(span: Batch['resourceSpans'][0]['scopeSpans'][0]['spans'][0]): SentSpan {
  const { attributes, status, startTimeUnixNano, endTimeUnixNano, ...rest } = span
  const took = Number(BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano)) / 1e6
  return { ...rest, attributes: plain(attributes), status: status?.code ?? 0, took }
}

function plain(attributes: readonly Attribute[]): Record<string, string | number | undefined> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.stringValue ?? (value.intValue === undefined ? value.doubleValue : Number(value.intValue)),
    ]),
  )
}
