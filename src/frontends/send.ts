import { randomBytes } from 'node:crypto'
import type { Content, Meta } from '../cache/want.ts'
import { AppError } from '../domain/errors.ts'
import type { Outcome } from '../domain/names.ts'
import { type ByteRange, parseRange, type RangeAnswer, resolveRange, WHOLE } from '../domain/range.ts'
import { constantRun, type Run } from '../domain/run.ts'
import type { Exchange } from './front-end.ts'
import { sendRun } from './send-run.ts'

export type Headers = Record<string, string | number>

/** Headers that say what an answer is and how it came about. */
function describe(exchange: Exchange, meta: Meta, own: Headers): Headers {
  exchange.notes.outcome = meta.outcome
  if (meta.size !== undefined) exchange.notes.size = meta.size
  const headers: Headers = { ...own, 'x-cache': meta.outcome, 'x-request-id': exchange.id }
  if (meta.digest !== undefined) headers['etag'] = `"${meta.digest}"`
  if (meta.warning !== undefined) headers['warning'] = `299 - "${quotable(meta.warning)}"`
  return headers
}

/** Text fit for a quoted string in a header. */
function quotable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, ' ').replaceAll(/["\\]/g, "'")
}

/** Facts without a body: the answer to HEAD. */
export function sendMeta(exchange: Exchange, meta: Meta, own: Headers): void {
  const headers = describe(exchange, meta, own)
  if (meta.size !== undefined) headers['content-length'] = meta.size
  if (isUnchanged(exchange, meta)) return send304(exchange, headers)
  exchange.res.writeHead(200, headers).end()
}

/** A small document, whole. */
export function sendDocument(
  exchange: Exchange,
  document: Meta & { readonly bytes: Buffer },
  own: Headers,
): void {
  const headers = describe(exchange, document, own)
  if (isUnchanged(exchange, document)) return send304(exchange, headers)
  headers['content-length'] = document.bytes.length
  exchange.res.writeHead(200, headers)
  if (exchange.line.method === 'HEAD') {
    exchange.res.end()
    return
  }
  exchange.notes.bytes = document.bytes.length
  exchange.res.end(document.bytes)
}

/** Content of any size: whole, one range, or several ranges (RFC 9110 §14). Closes the content. */
export async function sendContent(exchange: Exchange, content: Content, own: Headers): Promise<void> {
  try {
    const headers = describe(exchange, content, { ...own, 'accept-ranges': 'bytes' })
    if (isUnchanged(exchange, content)) return send304(exchange, headers)
    const answer = answerTo(exchange, content)
    switch (answer.kind) {
      case 'whole':
        return await sendWhole(exchange, content, headers)
      case 'single':
        return await sendSingle(exchange, content, { headers, range: answer.range })
      case 'multi':
        return await sendMulti(exchange, content, { headers, ranges: answer.ranges })
      case 'unsatisfiable':
        exchange.res.setHeader('content-range', `bytes */${content.size ?? '*'}`)
        throw new AppError('range_invalid')
    }
  } finally {
    content.close()
  }
}

/** Ranges need a size; without one, or when If-Range names another version, the whole is sent. */
function answerTo(exchange: Exchange, content: Content): RangeAnswer {
  const { headers } = exchange.req
  if (headers.range === undefined || content.size === undefined) return WHOLE_ANSWER
  const validator = headers['if-range']
  const isOther = validator !== undefined && validator !== `"${content.digest ?? ''}"`
  return resolveRange(isOther ? WHOLE : parseRange(headers.range), content.size)
}

const WHOLE_ANSWER: RangeAnswer = { kind: 'whole' }

async function sendWhole(exchange: Exchange, content: Content, headers: Headers): Promise<void> {
  const { size } = content
  if (size !== undefined) headers['content-length'] = size
  if (content.bytes !== undefined) {
    exchange.notes.bytes = content.bytes.length
    exchange.res.writeHead(200, headers).end(content.bytes)
    return
  }
  const { run, outcome } = await content.read(undefined)
  start(exchange, 200, { ...headers, 'x-cache': outcome }, outcome)
  await sendRuns(exchange, [run])
}

async function sendSingle(
  exchange: Exchange,
  content: Content,
  { headers, range }: { headers: Headers; range: ByteRange },
): Promise<void> {
  const { run, outcome } = await content.read(range)
  headers['content-range'] = `bytes ${range.start}-${range.end}/${content.size}`
  headers['content-length'] = range.end + 1 - range.start
  start(exchange, 206, { ...headers, 'x-cache': outcome }, outcome)
  await sendRuns(exchange, [run])
}

/** Several ranges as multipart/byteranges (RFC 9110 §14.6); zstd:chunked pulls ask this way. */
async function sendMulti(
  exchange: Exchange,
  content: Content,
  { headers, ranges }: { headers: Headers; ranges: readonly ByteRange[] },
): Promise<void> {
  const boundary = randomBytes(12).toString('hex')
  const type = String(headers['content-type'])
  const heads = ranges.map(({ start, end }) =>
    Buffer.from(
      `\r\n--${boundary}\r\nContent-Type: ${type}\r\nContent-Range: bytes ${start}-${end}/${content.size}\r\n\r\n`,
    ),
  )
  const foot = Buffer.from(`\r\n--${boundary}--\r\n`)
  const body = ranges.reduce((sum, { start, end }) => sum + end + 1 - start, 0)
  headers['content-length'] = heads.reduce((sum, head) => sum + head.length, body + foot.length)
  headers['content-type'] = `multipart/byteranges; boundary=${boundary}`
  start(exchange, 206, headers, content.outcome)
  await sendRuns(exchange, partsOf(content, ranges, heads, foot))
}

async function* partsOf(
  content: Content,
  ranges: readonly ByteRange[],
  heads: readonly Buffer[],
  foot: Buffer,
): AsyncGenerator<Run> {
  for (const [i, range] of ranges.entries()) {
    yield constantRun(heads[i] ?? foot)
    yield (await content.read(range)).run
  }
  yield constantRun(foot)
}

function start(exchange: Exchange, status: number, headers: Headers, outcome: Outcome): void {
  exchange.notes.outcome = outcome
  exchange.res.writeHead(status, headers)
  exchange.res.flushHeaders()
}

/** Sends runs one after the other. When one cannot go on, the only honest answer left is to cut the connection. */
async function sendRuns(exchange: Exchange, runs: Iterable<Run> | AsyncIterable<Run>): Promise<void> {
  const { res, notes } = exchange
  try {
    for await (const run of runs) {
      if (!(await sendRun(res, run, notes))) return
    }
    res.end()
  } catch (error) {
    res.destroy()
    throw error
  }
}

function isUnchanged(exchange: Exchange, meta: Meta): boolean {
  const asked = exchange.req.headers['if-none-match']
  if (asked === undefined || meta.digest === undefined) return false
  const tags = asked.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes('*') || tags.includes(`"${meta.digest}"`)
}

function send304(exchange: Exchange, headers: Headers): void {
  const { 'content-type': _type, 'content-length': _length, ...rest } = headers
  exchange.res.writeHead(304, rest).end()
}
