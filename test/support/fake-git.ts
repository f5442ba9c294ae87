import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { runGit } from './fake-git-client.ts'
import { resolveRange } from './fake-range.ts'
import { type Cleanup, tempDir } from './temp.ts'

export interface FakeGitRequest {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly protocol: string | undefined
  readonly authorization: string | undefined
  /** "refs", "ls-refs", "fetch", "batch", "file" or "other". */
  readonly kind: string
}

/** A repository at the fake, with a working copy to make commits in. */
export interface FakeRepository {
  /** "/owner/repo.git" */
  readonly path: string
  /** The bare one. */
  readonly folder: string
  git(...args: string[]): Promise<string>
  /** A commit on the branch that is checked out, pushed; returns its name. */
  commit(files: Readonly<Record<string, string>>): Promise<string>
}

/** git http-backend behind a server of ours, with large files of git-lfs beside it. */
export interface FakeGit {
  readonly url: string
  readonly requests: FakeGitRequest[]
  /** down: connections are cut. login: 401, as for what is private. missing: 404. slow: nobody answers. */
  state: 'up' | 'down' | 'login' | 'missing'
  /** Answers to fetches wait for it. */
  hold: Promise<void> | undefined
  /** Answers to fetches are cut after that many bytes. */
  cutAfter: number | undefined
  /** Answers to fetches stop after that many bytes, without an end. */
  stallAfter: number | undefined
  /** Repositories that were renamed: old path to new. */
  readonly moved: Map<string, string>
  /** Speaks no version 2. */
  isOld: boolean
  create(name: string): Promise<FakeRepository>
  /** Large files by their SHA-256. */
  readonly files: Map<string, Buffer>
  /** The next answer with a large file breaks off after that many bytes. */
  cutFileAfter: number | undefined
  /** Where it says that they lie: another fake that has them, or itself. */
  storageUrl: string | undefined
  addFile(bytes: Buffer): { readonly oid: string; readonly pointer: string }
  asked(kind: string): readonly FakeGitRequest[]
  stop(): void
}

export async function startFakeGit(t: Cleanup): Promise<FakeGit> {
  const root = await tempDir(t, 'fake-git-')
  const requests: FakeGitRequest[] = []
  const files = new Map<string, Buffer>()
  const moved = new Map<string, string>()
  const server = createServer((req, res) => void handle(req, res))
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  const { port } = server.address() as AddressInfo // listening on a port, so it is no pipe
  const stop = (): void => {
    server.close()
    server.closeAllConnections()
  }
  t.after(stop)

  const handle = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const { method = '', url = '', headers } = req
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk as Buffer) // no encoding is set
    const body = Buffer.concat(chunks)
    const text =
      headers['content-encoding'] === 'gzip' ? gunzipSync(body).toString('latin1') : body.toString('latin1')
    const kind = kindOf(url, text)
    const protocol = headers['git-protocol'] as string | undefined // sent once
    requests.push({ method, url, protocol, authorization: headers.authorization, kind })
    if (fake.state === 'down') return void req.socket.destroy()
    if (fake.state === 'missing') return void res.writeHead(404).end('not found')
    if (fake.state === 'login') {
      res.writeHead(401, { 'www-authenticate': 'Basic realm="fake"' }).end('log in')
      return
    }
    const path = url.replace(/\?.*/s, '')
    for (const [from, to] of moved)
      if (path.startsWith(`${from}/`))
        return void res.writeHead(301, { location: `${fake.url}${url.replace(from, to)}` }).end()
    if (kind === 'batch') return answerBatch(res, JSON.parse(text))
    if (kind === 'file') return answerFile(req, res)
    if (kind === 'fetch') await fake.hold
    backend({
      root,
      req,
      res,
      body,
      protocol: fake.isOld ? undefined : protocol,
      cutAfter: kind === 'fetch' ? (fake.cutAfter ?? fake.stallAfter) : undefined,
      isStalling: fake.stallAfter !== undefined,
    })
  }

  const answerBatch = (res: ServerResponse, asked: { objects: { oid: string; size: number }[] }): void => {
    const objects = asked.objects.map(({ oid, size }) => {
      if (!files.has(oid)) return { oid, size, error: { code: 404, message: 'no such file' } }
      const href = `${fake.storageUrl ?? fake.url}/storage/${oid}?signature=very-secret-indeed`
      return {
        oid,
        size,
        actions: { download: { href, header: { 'X-Ticket': 'ticket-of-storage' }, expires_in: 600 } },
      }
    })
    res.writeHead(200, { 'content-type': 'application/vnd.git-lfs+json' }).end(JSON.stringify({ objects }))
  }

  const answerFile = (req: IncomingMessage, res: ServerResponse): void => {
    const oid = /storage\/([0-9a-f]+)/.exec(req.url ?? '')?.[1] ?? ''
    const bytes = files.get(oid)
    // Such addresses are signed for one method.
    if (req.method !== 'GET' || req.headers['x-ticket'] !== 'ticket-of-storage')
      return void res.writeHead(403).end()
    if (bytes === undefined) return void res.writeHead(404).end()
    const { cutFileAfter } = fake
    fake.cutFileAfter = undefined
    const span = resolveRange(req.headers.range, bytes.length)
    const { start, end } = span.kind === 'part' ? span : { start: 0, end: bytes.length }
    const range = span.kind === 'part' ? { 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` } : {}
    res.writeHead(span.kind === 'part' ? 206 : 200, { ...range, 'content-length': end - start })
    if (cutFileAfter === undefined) return void res.end(bytes.subarray(start, end))
    res.write(bytes.subarray(start, start + cutFileAfter), () => res.destroy())
  }

  const fake: FakeGit = {
    url: `http://127.0.0.1:${port}`,
    requests,
    state: 'up',
    hold: undefined,
    cutAfter: undefined,
    stallAfter: undefined,
    moved,
    isOld: false,
    files,
    cutFileAfter: undefined,
    storageUrl: undefined,
    create: (name) => create(root, name),
    addFile: (bytes) => {
      const oid = createHash('sha256').update(bytes).digest('hex')
      files.set(oid, bytes)
      return {
        oid,
        pointer: `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${bytes.length}\n`,
      }
    },
    asked: (kind) => requests.filter((request) => request.kind === kind),
    stop,
  }
  return fake
}

function kindOf(url: string, body: string): string {
  if (url.includes('/info/refs')) return 'refs'
  if (url.endsWith('/objects/batch')) return 'batch'
  if (url.startsWith('/storage/')) return 'file'
  if (!url.endsWith('/git-upload-pack')) return 'other'
  return body.includes('command=ls-refs') ? 'ls-refs' : 'fetch'
}

interface Call {
  readonly root: string
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly body: Buffer
  readonly protocol: string | undefined
  readonly cutAfter: number | undefined
  readonly isStalling: boolean
}

/** As a web server calls git's own (RFC 3875). */
function backend({ root, req, res, body, protocol, cutAfter, isStalling }: Call): void {
  const [path = '', query = ''] = (req.url ?? '').split('?')
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_NOSYSTEM: '1',
      PATH_INFO: path,
      QUERY_STRING: query,
      REQUEST_METHOD: req.method,
      CONTENT_TYPE: req.headers['content-type'] ?? '',
      CONTENT_LENGTH: String(body.length),
      REMOTE_ADDR: '127.0.0.1',
      ...(req.headers['content-encoding'] === undefined
        ? {}
        : { HTTP_CONTENT_ENCODING: req.headers['content-encoding'] }),
      ...(protocol === undefined ? {} : { GIT_PROTOCOL: protocol }),
    },
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end(body)
  let head: Buffer | undefined = Buffer.alloc(0)
  let sent = 0
  child.stdout.on('data', (chunk: Buffer) => {
    let rest = chunk
    if (head !== undefined) {
      head = Buffer.concat([head, chunk])
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      writeHead(res, head.toString('latin1', 0, end))
      rest = head.subarray(end + 4)
      head = undefined
    }
    sent += rest.length
    if (cutAfter !== undefined && sent > cutAfter) {
      child.kill()
      res.write(rest.subarray(0, Math.max(0, rest.length - (sent - cutAfter))), () => {
        if (!isStalling) res.destroy()
      })
      return
    }
    res.write(rest)
  })
  child.on('close', () => {
    if (cutAfter === undefined || sent <= cutAfter) res.end()
  })
}

function writeHead(res: ServerResponse, head: string): void {
  let status = 200
  for (const line of head.split('\r\n')) {
    const [, name = '', value = ''] = /^([^:]+): (.*)$/.exec(line) ?? []
    if (name === 'Status') status = Number.parseInt(value, 10)
    else res.setHeader(name, value)
  }
  res.writeHead(status)
}

async function create(root: string, name: string): Promise<FakeRepository> {
  const folder = join(root, `${name}.git`)
  const work = join(root, 'work', name)
  await mkdir(work, { recursive: true })
  await runGit(root, 'init', '--quiet', '--bare', '-b', 'main', folder)
  for (const key of ['allowFilter', 'allowAnySHA1InWant'])
    await runGit(folder, 'config', `uploadpack.${key}`, 'true')
  const git = (...args: string[]): Promise<string> => runGit(work, ...args)
  await git('init', '--quiet', '-b', 'main')
  await git('remote', 'add', 'origin', folder)
  return {
    path: `/${name}.git`,
    folder,
    git,
    commit: async (files) => {
      for (const [file, text] of Object.entries(files)) await writeFile(join(work, file), text)
      await git('add', '.')
      await git('commit', '--quiet', '--allow-empty', '-m', Object.keys(files).join(' '))
      await git('push', '--quiet', '--force', 'origin', 'HEAD')
      return (await git('rev-parse', 'HEAD')).trim()
    },
  }
}
