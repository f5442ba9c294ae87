import type { ServerResponse } from 'node:http'
import type { Answer, Body } from './fake-answer.ts'
import type { Fault } from './fake-faults.ts'
import { createPacer, type Pacer, pause } from './fake-pace.ts'
import type { RequestRecord } from './request-log.ts'

/** What the sender needs to know beside the answer itself. */
export interface Sending {
  readonly fault: Fault
  readonly record: RequestRecord
  /** Fires when the client left or the server was stopped. */
  readonly gone: AbortSignal
  /** Bytes per second now; undefined is no limit. */
  readonly rate: () => number | undefined
  /** A wait until the fake is not frozen; undefined when it is not. */
  frozen(): Promise<void> | undefined
  /** To be called after each change of the record. */
  changed(): void
}

type CutHow = 'reset' | 'end' | 'silence'

interface Cut {
  readonly how: CutHow
  readonly after: number
}

/**
 * Largest write while a rate is set. Small writes keep the count of bytes that left close to the
 * count of bytes that were read.
 */
const PACED_WRITE = 64 * 1024

/** Sends the answer, or as much of it as the fault lets through. Resolves when nothing more will be sent. */
export async function sendAnswer(res: ServerResponse, answer: Answer, sending: Sending): Promise<void> {
  const { fault, record } = sending
  const length = answer.body.end - answer.body.start
  const cut = cutOf(fault, length)
  writeHead(res, answer, fault)
  record.status = answer.status
  sending.changed()
  if (record.method === 'HEAD' || length === 0) return finish(res)
  const small =
    cut === undefined && fault.extraBytes === undefined ? smallBody(answer.body, sending) : undefined
  if (small !== undefined) {
    record.bytesSent = length
    return finish(res, small)
  }
  res.flushHeaders()
  const body = cut === undefined ? answer.body : { ...answer.body, end: answer.body.start + cut.after }
  if (!(await writeBody(res, body, sending))) return
  if (cut !== undefined) return endEarly(res, cut.how, sending.gone)
  if (fault.extraBytes !== undefined) await write(res, Buffer.alloc(fault.extraBytes), sending.gone)
  return finish(res)
}

/** The earliest cut that lies inside of the body. */
function cutOf(fault: Fault, length: number): Cut | undefined {
  const silence = typeof fault.hang === 'object' ? fault.hang.afterBytes : undefined
  const cuts: [CutHow, number | undefined][] = [
    ['reset', fault.resetAfter],
    ['end', fault.truncateAfter],
    ['silence', silence],
  ]
  return cuts
    .flatMap(([how, after]) => (after === undefined || after >= length ? [] : [{ how, after }]))
    .sort((a, b) => a.after - b.after)[0]
}

function writeHead(res: ServerResponse, answer: Answer, fault: Fault): void {
  const headers = Object.entries(answer.headers).flat()
  if (fault.duplicateContentLength) headers.push('Content-Length', '1')
  if (leavesFramingBroken(fault)) headers.push('Connection', 'close')
  // Node frames a body without length in chunks unless it is told that HTTP/1.0 rules apply.
  if (fault.closeDelimited) res.useChunkedEncodingByDefault = false
  res.writeHead(answer.status, headers)
}

/** A body that fits one packet train and is not slowed down: it travels with its head in one write. */
function smallBody({ content, start, end }: Body, { fault, rate }: Sending): Buffer | undefined {
  if (end - start > PACED_WRITE || rate() !== undefined) return undefined
  const view = content.slice(start, end)
  if (view.length < end - start) return undefined
  return corrupt(view, start, { at: fault.corruptAt, size: content.size })
}

/** Whether the bytes that follow cannot be told from the next answer, so that the connection must end. */
function leavesFramingBroken(fault: Fault): boolean {
  return (
    typeof fault.contentLength === 'number' ||
    fault.extraBytes !== undefined ||
    fault.duplicateContentLength === true ||
    fault.closeDelimited === true
  )
}

/** False when the client left first. */
async function writeBody(res: ServerResponse, body: Body, sending: Sending): Promise<boolean> {
  const pacer = createPacer(sending.rate, performance.now())
  for (let at = body.start; at < body.end; ) {
    const allowed = await nextAllowance(pacer, sending.gone)
    await sending.frozen()
    const most = Number.isFinite(allowed) ? Math.min(allowed, PACED_WRITE) : allowed
    const view = body.content.slice(at, Math.min(body.end, at + most))
    pacer.putBack(allowed - view.length)
    const bytes = corrupt(view, at, { at: sending.fault.corruptAt, size: body.content.size })
    if (!(await write(res, bytes, sending.gone))) return false
    at += bytes.length
    sending.record.bytesSent += bytes.length
    sending.changed()
  }
  return true
}

async function nextAllowance(pacer: Pacer, gone: AbortSignal): Promise<number> {
  for (;;) {
    const { bytes, wait } = pacer.take(performance.now())
    if (bytes > 0 || gone.aborted) return Math.max(1, bytes)
    await pause(wait, gone)
  }
}

function corrupt(view: Buffer, start: number, flaw: { at: number | undefined; size: number }): Buffer {
  if (flaw.at === undefined) return view
  const at = (flaw.at < 0 ? flaw.size + flaw.at : flaw.at) - start
  if (at < 0 || at >= view.length) return view
  const copy = Buffer.from(view)
  copy[at] = (copy[at] ?? 0) ^ 0xff
  return copy
}

/** Resolves with true when the system took the bytes, with false when the client is gone. */
function write(res: ServerResponse, bytes: Buffer, gone: AbortSignal): Promise<boolean> {
  if (gone.aborted) return Promise.resolve(false)
  return new Promise((resolve) => {
    const left = () => resolve(false)
    gone.addEventListener('abort', left, { once: true })
    res.write(bytes, (error) => {
      gone.removeEventListener('abort', left)
      resolve(error === null || error === undefined)
    })
  })
}

function finish(res: ServerResponse, last?: Buffer): Promise<void> {
  if (res.closed) return Promise.resolve()
  return new Promise((resolve) => {
    res.once('close', resolve)
    res.end(last)
  })
}

/** How long the last bytes get to reach the other end: a reset drops what still is on its way. */
const SETTLE = 20

async function endEarly(res: ServerResponse, how: CutHow, gone: AbortSignal): Promise<void> {
  switch (how) {
    case 'reset':
      await pause(SETTLE, gone)
      res.socket?.resetAndDestroy()
      return
    case 'end':
      res.socket?.destroySoon()
      return
    case 'silence':
      await once(gone)
      return
    default:
      how satisfies never
  }
}

/** Resolves when the signal fires. */
export function once(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
