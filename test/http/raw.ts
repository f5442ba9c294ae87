import { connect, type Socket } from 'node:net'

/** An answer as it came over the wire. */
export interface RawAnswer {
  /** 0 when there was none. */
  readonly status: number
  /** Lower-case names; the last value of repeated headers. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
  /** Whether the server ended the connection. */
  readonly closed: boolean
}

export interface RawOptions {
  /** Milliseconds until the answer is given up; 5,000. */
  readonly within?: number
  /** Leaves after sending, without waiting for an answer. */
  readonly leave?: boolean
}

/**
 * Sends these bytes on a connection of their own and gives the first answer (not an interim 1xx) as it came. Never
 * rejects: no connection or no answer is status 0.
 */
export function sendRaw(port: number, bytes: string | Buffer, options: RawOptions = {}): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    const chunks: Buffer[] = []
    const settle = (closed: boolean) => {
      clearTimeout(timer)
      socket.destroy()
      resolve({ ...trim(parse(chunks)), closed })
    }
    const timer = setTimeout(() => settle(false), options.within ?? 5000)
    socket.on('error', () => undefined)
    socket.once('close', () => settle(true))
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      if (isComplete(chunks)) settle(false)
    })
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, () => {
      if (options.leave === true) settle(false)
    })
  })
}

/** A connection that says nothing until it is told to. */
export async function openRaw(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => undefined)
  await new Promise((resolve) => socket.once('connect', resolve))
  return socket
}

/** Request line and headers of a GET, ended by an empty line. */
export function request(target: string, headers: readonly string[] = [], method = 'GET'): string {
  return [`${method} ${target} HTTP/1.1`, 'Host: cache.test', ...headers, '', ''].join('\r\n')
}

function parse(chunks: readonly Buffer[]): Omit<RawAnswer, 'closed'> {
  const text = Buffer.concat(chunks)
    .toString('latin1')
    .replace(/^(?:HTTP\/1\.1 1\d\d [^\r]*\r\n(?:[^\r]+\r\n)*\r\n)+/, '')
  const end = text.indexOf('\r\n\r\n')
  const [first = '', ...lines] = text.slice(0, Math.max(0, end)).split('\r\n')
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  })
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1] ?? 0)
  return { status, headers: new Map(headers), body: end < 0 ? '' : text.slice(end + 4) }
}

/** What follows the body answers what the server took for a second request. */
function trim(answer: Omit<RawAnswer, 'closed'>): Omit<RawAnswer, 'closed'> {
  return { ...answer, body: answer.body.slice(0, Number(answer.headers.get('content-length') ?? Infinity)) }
}

function isComplete(chunks: readonly Buffer[]): boolean {
  const { status, headers, body } = parse(chunks)
  const length = headers.get('content-length')
  return status !== 0 && length !== undefined && body.length >= Number(length)
}
