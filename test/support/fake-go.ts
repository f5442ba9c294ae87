import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createFakeSumdb, type FakeSumdb } from './fake-go-sumdb.ts'
import { moduleZip } from './fake-go-zip.ts'
import type { Cleanup } from './temp.ts'

export interface GoRequest {
  readonly method: string
  readonly path: string
  readonly authorization: string | undefined
  readonly range: string | undefined
}

/** A module's version, as its author wrote it. */
export interface GoVersion {
  readonly module: string
  readonly version: string
  /** Beside go.mod, which is made unless it is here. */
  readonly files?: Readonly<Record<string, string | Buffer>>
}

/** A module proxy and a checksum database on loopback. */
export interface FakeGo {
  readonly url: string
  readonly sumdb: FakeSumdb
  /** Where its database is asked, for whoever goes there directly. */
  readonly sumdbUrl: string
  readonly requests: readonly GoRequest[]
  /** Paths asked for so far that fit. */
  asked(pattern: RegExp): readonly string[]
  /** Gives a version out, and into the list unless it is one of a commit. Without `summed` the database does not know it. */
  publish(
    version: GoVersion,
    options?: { readonly listed?: boolean; readonly h1?: { zip: string; mod: string } },
  ): void
  /** Makes a branch lead to a version. */
  branch(module: string, name: string, version: string): void
  /** Answers this path (escaped) so, whatever is published. */
  answer(path: string, answer: GoAnswer): void
  /** up; down: connections are cut; broken: everything is answered with 500. */
  state: 'up' | 'down' | 'broken'
  /** Basic credentials that it demands, "name:password". */
  login: string | undefined
}

export interface GoAnswer {
  readonly status?: number
  readonly body: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
  /** Sends only this many bytes of the body, then cuts the connection; once. */
  cutAt?: number
}

export async function startFakeGo(
  t: Cleanup,
  options: { name?: string; padding?: number } = {},
): Promise<FakeGo> {
  const answers = new Map<string, GoAnswer>()
  const requests: GoRequest[] = []
  const sumdb = createFakeSumdb(options.name ?? 'sum.test', options.padding)
  const server = createServer((req, res) => {
    const path = req.url ?? ''
    const { authorization, range } = req.headers
    requests.push({ method: req.method ?? '', path, authorization, range })
    respond(fake, { req, res, answer: answers.get(decodeURIComponent(path)) ?? sumdbAnswer(sumdb, path) })
  })
  const url = await listen(server)
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const fake: FakeGo = {
    url,
    sumdb,
    sumdbUrl: `${url}/sumdb/${sumdb.name}`,
    requests,
    asked: (pattern) => requests.map(({ path }) => path).filter((path) => pattern.test(path)),
    publish: (version, { listed = true, h1 } = {}) => publish({ answers, sumdb }, version, { listed, h1 }),
    branch: (module, name, version) =>
      void answers.set(`/${escaped(module)}/@v/${escaped(name)}.info`, { body: infoOf(version) }),
    answer: (path, answer) => void answers.set(path, answer),
    state: 'up',
    login: undefined,
  }
  return fake
}

function sumdbAnswer(sumdb: FakeSumdb, path: string): GoAnswer | undefined {
  const base = `/sumdb/${sumdb.name}`
  const body = path.startsWith(`${base}/`) ? sumdb.answer(path.slice(base.length)) : undefined
  return body === undefined ? undefined : { body }
}

interface Turn {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly answer: GoAnswer | undefined
}

function respond({ state, login }: FakeGo, { req, res, answer }: Turn): void {
  if (state === 'down') return void req.socket.destroy()
  if (state === 'broken') return void res.writeHead(500, { 'content-type': 'text/plain' }).end('on fire')
  const isIn = req.headers.authorization === `Basic ${Buffer.from(login ?? '').toString('base64')}`
  if (login !== undefined && !isIn) return void res.writeHead(401).end('who are you?')
  if (answer === undefined)
    return void res
      .writeHead(404, { 'content-type': 'text/plain; charset=utf-8' })
      .end('not found: unknown revision')
  const { status = 200, headers = {} } = answer
  const bytes = Buffer.from(answer.body)
  const start = status === 200 ? Number(/^bytes=(\d+)-$/.exec(req.headers.range ?? '')?.[1] ?? 0) : 0
  const range = start > 0 ? { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {}
  const rest = bytes.subarray(start)
  res.writeHead(start > 0 ? 206 : status, { 'content-length': rest.length, ...headers, ...range })
  if (req.method === 'HEAD') return void res.end()
  const { cutAt } = answer
  delete answer.cutAt
  if (cutAt === undefined) return void res.end(rest)
  res.write(rest.subarray(0, cutAt), () => req.socket.destroy())
}

async function listen(server: Server): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  const { port } = server.address() as AddressInfo // listening on a port, so it is no pipe
  return `http://127.0.0.1:${port}`
}

interface Shop {
  readonly answers: Map<string, GoAnswer>
  readonly sumdb: FakeSumdb
}

function publish(
  { answers, sumdb }: Shop,
  { module, version, files = {} }: GoVersion,
  { listed, h1 }: { listed: boolean; h1: { zip: string; mod: string } | undefined },
): void {
  const base = `/${escaped(module)}/@v`
  const mod = files['go.mod'] ?? `module ${module}\n`
  const all = {
    'go.mod': mod,
    'a.go': `package a\n\nconst Name = ${JSON.stringify(`${module}@${version}`)}\n`,
    ...files,
  }
  const name = `${base}/${escaped(version)}`
  answers.set(`${name}.info`, { body: infoOf(version), headers: { 'content-type': 'application/json' } })
  answers.set(`${name}.mod`, { body: mod })
  const headers = {
    'content-type': 'application/zip',
    etag: `"${module}@${version}"`,
    'accept-ranges': 'bytes',
  }
  answers.set(`${name}.zip`, { body: moduleZip(module, version, all), headers })
  const list = String(answers.get(`${base}/list`)?.body ?? '')
  answers.set(`${base}/list`, {
    body: listed ? `${list}${version}\n` : list,
    headers: { etag: `"${list.length}-${listed}"` },
  })
  if (listed) answers.set(`/${escaped(module)}/@latest`, { body: infoOf(version) })
  if (h1 !== undefined)
    sumdb.add(module, version, `${module} ${version} ${h1.zip}\n${module} ${version}/go.mod ${h1.mod}\n`)
}

function infoOf(version: string): string {
  return JSON.stringify({ Version: version, Time: '2026-01-01T00:00:00Z' })
}

/** As names stand in addresses. */
export function escaped(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`)
}
