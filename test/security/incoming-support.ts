import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Cleanup } from '../support/temp.ts'

/** One request as it came over the wire; bodies are not read. */
export interface Asked {
  readonly method: string
  /** Path and query. */
  readonly target: string
  /** The whole head. */
  readonly head: string
  /** From 1, or from when it was told to forget. */
  readonly n: number
}

/** What goes out for a request: these bytes as they are, or else what the test does with the socket. */
export type Script = (asked: Asked, socket: Socket) => string | Buffer | undefined

export interface ScriptedUpstream {
  readonly url: string
  readonly asked: readonly Asked[]
  /** Forgets what was asked. */
  clear(): void
  /** Connections ever made. */
  accepted(): number
  /** Of all connections that are closed, and those that are open. */
  bytesSent(): number
}

/** A registry that is nothing but a socket, so that its answers may be anything. It goes with the test. */
export async function startScripted(t: Cleanup, script: Script): Promise<ScriptedUpstream> {
  const asked: Asked[] = []
  const sockets = new Set<Socket>()
  let accepted = 0
  let sent = 0
  const server = createServer((socket) => {
    accepted++
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => {
      sent += socket.bytesWritten
      sockets.delete(socket)
    })
    onRequests(socket, (head) => {
      const [method = '', target = ''] = head.split(' ', 2)
      const one = { method, target, head, n: asked.length + 1 }
      asked.push(one)
      const answer = script(one, socket)
      if (answer !== undefined) socket.write(answer)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // a TCP server has no other address
  t.after(async () => {
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  })
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    clear: () => {
      asked.length = 0
    },
    accepted: () => accepted,
    bytesSent: () => [...sockets].reduce((sum, socket) => sum + socket.bytesWritten, sent),
  }
}

function onRequests(socket: Socket, take: (head: string) => void): void {
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
    for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
      const head = text.slice(0, end)
      text = text.slice(end + 4)
      take(head)
    }
  })
}

/** An answer with its length, as bytes. */
export function answer(status: number, body: string | Buffer, headers: readonly string[] = []): Buffer {
  const bytes = Buffer.from(body)
  const head = [`HTTP/1.1 ${status} Said`, ...headers, `Content-Length: ${bytes.length}`, '', '']
  return Buffer.concat([Buffer.from(head.join('\r\n'), 'latin1'), bytes])
}

/** Keeps writing until the other side has enough. */
export function pour(socket: Socket, piece: Buffer): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(piece));
  }
  socket.on('drain', more)
  more()
}

/** Counted behind the answers. */
const BEHIND = new Set(['usage', 'pulls_by_day'])

/** How many rows each table of the index has; sums of traffic apart, which are written when it suits. */
export function rowCounts(dataDir: string): Readonly<Record<string, number>> {
  const db = new Database(join(dataDir, 'cachalot.db'), { readonly: true })
  try {
    const names = db
      .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .pluck()
      .all()
    const count = (name: string): number =>
      db.prepare<[], number>(`SELECT count(*) FROM "${name}"`).pluck().get() ?? 0
    return Object.fromEntries(names.filter((name) => !BEHIND.has(name)).map((name) => [name, count(name)]))
  } finally {
    db.close()
  }
}

/** Rows of one SELECT on the index, of one column. */
export function column(dataDir: string, sql: string): string[] {
  const db = new Database(join(dataDir, 'cachalot.db'), { readonly: true })
  try {
    return db.prepare<[]>(sql).pluck().all().map(String)
  } finally {
    db.close()
  }
}

const SMALL = 2048
/** Of text. Linear work takes 16 times as long then, work that takes the square 256 times. */
const TIMES = 16
const MOST_GROWTH = 64
/** In milliseconds: what is faster is not told apart from nothing. */
const GRAIN = 0.5

/** Fails when the time of `work` grows faster than the text it is given. */
export function assertLinear(what: string, piece: string, work: (text: string) => unknown): void {
  const small = fastest(work, piece.repeat(Math.ceil(SMALL / piece.length)))
  const grown = fastest(work, piece.repeat(Math.ceil((TIMES * SMALL) / piece.length)))
  const growth = grown / Math.max(GRAIN, small)
  assert.ok(
    growth < MOST_GROWTH,
    `${what} of ${JSON.stringify(piece)}: ${Math.round(growth)} times as long for ${TIMES} times as much`,
  )
}

function fastest(work: (text: string) => unknown, text: string): number {
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < 3; i++) {
    const started = performance.now()
    work(text)
    best = Math.min(best, performance.now() - started)
  }
  return best
}

/** Numbers in [0, 1) that are the same in every run. */
export function createChance(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
