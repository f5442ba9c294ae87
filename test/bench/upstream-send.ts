import { createReadStream } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Blob, CHUNK, chunkOf } from './upstream-content.ts'

/** How bodies leave, and what is told of each piece. */
export interface Sending {
  /** Bytes per second of one answer at this moment; 0 = as fast as it goes. */
  rate(): number
  sent(bytes: number): void
}

/** Answers with a blob, or the range of it that was asked for; resolves when it is sent. */
export async function sendBlob(
  request: IncomingMessage,
  response: ServerResponse,
  { blob, digest, sending }: { blob: Blob; digest: string; sending: Sending },
): Promise<void> {
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  const from = range === null ? 0 : Number(range[1])
  const end = Math.min(blob.size, range?.[2] ? Number(range[2]) + 1 : blob.size)
  if (range !== null) response.setHeader('Content-Range', `bytes ${from}-${end - 1}/${blob.size}`)
  response.writeHead(range === null ? 200 : 206, {
    'Content-Type': blob.type,
    'Content-Length': end - from,
    'Docker-Content-Digest': digest,
    'Accept-Ranges': 'bytes',
    ETag: `"${digest}"`,
  })
  if (request.method === 'HEAD') return void response.end()
  if (blob.file !== undefined) return sendFile(response, blob.file, { from, end, sending })
  await sendBody(response, blob, { from, end, sending })
  response.end()
}

interface Stretch {
  readonly from: number
  readonly end: number
  readonly sending: Sending
}

function sendFile(response: ServerResponse, file: string, { from, end, sending }: Stretch): Promise<void> {
  const stream = createReadStream(file, { start: from, end: end - 1 })
  stream.on('data', (chunk) => sending.sent(chunk.length))
  return pipeline(stream, response)
}

async function sendBody(
  response: ServerResponse,
  blob: Blob,
  { from, end, sending }: Stretch,
): Promise<void> {
  const closed = new Promise<void>((resolve) => response.once('close', resolve))
  const allowance = createAllowance(sending)
  for (let at = from; at < end && !response.destroyed; ) {
    const most = allowance.take()
    if (most === 0) {
      await sleep(4)
      continue
    }
    const chunk = chunkOf(blob, at, end).subarray(0, most)
    const written = new Promise<void>((resolve) => response.write(chunk, () => resolve()))
    await Promise.race([written, closed])
    allowance.spend(chunk.length)
    at += chunk.length
    sending.sent(chunk.length)
  }
}

/** Token bucket of one answer. It holds a quarter of a second at most: a slow reader gets no burst afterwards. */
function createAllowance({ rate: rateNow }: Sending) {
  let left = 0
  let then = performance.now()
  return {
    take(): number {
      const rate = rateNow()
      if (rate === 0) return CHUNK
      const time = performance.now()
      left = Math.min(left + (rate * (time - then)) / 1000, rate / 4)
      then = time
      return left < Math.min(16_384, rate / 8) ? 0 : Math.min(CHUNK, Math.floor(left))
    },
    spend(bytes: number): void {
      if (rateNow() > 0) left -= bytes
    },
  }
}
