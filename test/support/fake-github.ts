import { createHash } from 'node:crypto'
import { GITHUB_HOSTS, type GithubHost } from '../../src/domain/file-hosts.ts'
import type { UpstreamSettings } from '../../src/upstream/settings.ts'
import { type Answer, type Ask, answerBytes, answerEmpty, answerFile, withHeader } from './fake-answer.ts'
import { bytesContent, type Content } from './fake-content.ts'
import { type Conditions, createExchange, type Service, withConditions } from './fake-exchange.ts'
import { createFaults, type Faults } from './fake-faults.ts'
import { createGate } from './fake-gate.ts'
import { type Listener, openListener } from './fake-listener.ts'
import { replaceAnswer } from './fake-misdeed.ts'
import { createRequestLog, type RequestLog } from './request-log.ts'
import type { Cleanup } from './temp.ts'

/** What lies under one path of a host. */
export type GithubFile =
  | {
      readonly content: Buffer | Content
      /** With its quotes; made of the content unless it is given. */
      readonly etag?: string
      readonly headers?: Readonly<Record<string, string>>
      /** No Content-Length, as of what is made while it is sent. */
      readonly chunked?: true
      /** Only for requests with this token. */
      readonly token?: string
    }
  | { readonly location: string; readonly status?: number }

/** Requests that its API still answers, and when it will answer all of them again. */
export interface FakeQuota {
  readonly limit: number
  remaining: number
  /** Seconds since 1970. */
  reset: number
}

/** The hosts of GitHub on loopback, each on a port of its own; in the log and in faults `repo` is the host's name. */
export interface FakeGithub extends Conditions {
  readonly hosts: readonly { readonly name: GithubHost; readonly url: string }[]
  readonly requests: RequestLog
  readonly faults: Faults
  readonly quota: FakeQuota
  /** As the origin client takes them. Redirects stay among them. */
  upstreams(more?: Partial<UpstreamSettings>): UpstreamSettings[]
  urlOf(host: GithubHost): string
  /** By raw path, with its query where it has one. */
  put(host: GithubHost, path: string, file: GithubFile): void
  remove(host: GithubHost, path: string): void
  /** "owner/repo/main/file". */
  raw(path: string, content: Buffer | string): void
  release(repository: string, tag: string, file: string, content: Buffer | Content): void
  /** What "latest" leads to. */
  latest(repository: string, tag: string): void
  /** Made while it is sent; `path` as codeload has it, "/owner/repo/tar.gz/main". */
  archive(path: string, content: Buffer): void
  api(path: string, json: unknown): void
  /** Everything of a repository leads to another name, as after a rename; undefined: no more. */
  rename(from: string, to: string | undefined): void
  stop(): Promise<void>
  start(): Promise<void>
  freeze(): void
  thaw(): void
}

export async function startFakeGithub(t: Cleanup): Promise<FakeGithub> {
  const gate = createGate()
  const requests = createRequestLog()
  const faults = createFaults()
  const conditions: Conditions = { bandwidth: undefined, latency: 0 }
  const files = new Map<string, GithubFile>()
  const renames = new Map<string, string>()
  const quota: FakeQuota = { limit: 60, remaining: 60, reset: 4_000_000_000 }
  const parts = { requests, faults, conditions, frozen: () => gate.frozen() }
  const listeners = new Map<GithubHost, Listener>()
  for (const host of GITHUB_HOSTS) {
    const handler = createExchange(parts, serviceOf({ host, files, renames, quota }))
    listeners.set(host, await openListener({ address: '127.0.0.1', port: 0, tls: undefined, handler }))
  }
  const urlOf = (host: GithubHost): string => listeners.get(host)?.url ?? ''
  const hosts = GITHUB_HOSTS.map((name) => ({ name, url: urlOf(name) }))
  const put: FakeGithub['put'] = (host, path, file) => void files.set(`${host}${path}`, file)
  const stop = async (): Promise<void> =>
    void (await Promise.all(listeners.values().map((one) => one.stop())))
  t.after(async () => {
    gate.open()
    await stop()
  })
  return withConditions<FakeGithub>(
    {
      hosts,
      requests,
      faults,
      quota,
      upstreams: (more = {}) =>
        hosts.map(({ name, url }) => ({
          name,
          url,
          kind: 'files',
          allowPrivate: true,
          tokenHosts: [],
          redirectHosts: hosts.map((one) => new URL(one.url).host),
          ...more,
        })),
      urlOf,
      put,
      remove: (host, path) => void files.delete(`${host}${path}`),
      raw: (path, content) =>
        put('raw.githubusercontent.com', `/${path}`, {
          content: Buffer.from(content),
          headers: { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'max-age=300' },
        }),
      release: (repository, tag, file, content) => {
        const storage = `/github-production-release-asset/4242/${idOf(`${repository}/${tag}/${file}`)}`
        put(
          'github.com',
          `/${repository}/releases/download/${encodeURIComponent(tag)}/${encodeURIComponent(file)}`,
          {
            location: `${urlOf('release-assets.githubusercontent.com')}${storage}?sp=r&sig=0123456789abcdef`,
          },
        )
        const headers = {
          'Content-Type': 'application/octet-stream',
          'Content-Disposition': `attachment; filename=${file}`,
          'Last-Modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
        }
        put('release-assets.githubusercontent.com', storage, { content, headers })
      },
      latest: (repository, tag) =>
        put('github.com', `/${repository}/releases/latest`, {
          location: `${urlOf('github.com')}/${repository}/releases/tag/${tag}`,
        }),
      archive: (path, content) => {
        const [, owner = '', name = '', format = '', ...ref] = path.split('/')
        const file = `${name}-${ref.join('-')}.${format}`
        const headers = {
          'Content-Type': format === 'zip' ? 'application/zip' : 'application/x-gzip',
          'Content-Disposition': `attachment; filename=${file}`,
        }
        const etag = `W/${etagOf(bytesContent(content))}`
        put('codeload.github.com', path, { content, headers, etag, chunked: true })
        put('github.com', `/${owner}/${name}/archive/${ref.join('/')}.${format}`, {
          location: `${urlOf('codeload.github.com')}${path}`,
        })
      },
      api: (path, json) =>
        put('api.github.com', path, {
          content: Buffer.from(JSON.stringify(json)),
          headers: { 'Content-Type': 'application/json; charset=utf-8' },
        }),
      rename: (from, to) => {
        if (to === undefined) renames.delete(from.toLowerCase())
        else renames.set(from.toLowerCase(), to)
      },
      stop,
      start: async () => void (await Promise.all(listeners.values().map((one) => one.start()))),
      freeze: () => gate.shut(),
      thaw: () => gate.open(),
    },
    conditions,
  )
}

interface Shelf {
  readonly host: GithubHost
  readonly files: ReadonlyMap<string, GithubFile>
  readonly renames: ReadonlyMap<string, string>
  readonly quota: FakeQuota
}

function serviceOf(shelf: Shelf): Service {
  const isStorage = shelf.host.startsWith('release-assets') || shelf.host.startsWith('objects')
  return {
    label: (ask) =>
      isStorage
        ? { role: 'cdn', kind: 'cdn', repo: shelf.host, ref: ask.path }
        : { role: 'registry', kind: 'other', repo: shelf.host, ref: ask.path },
    answer: (ask, { kind }, fault) => replaceAnswer(fault, kind) ?? answerOf(shelf, ask),
  }
}

function answerOf(shelf: Shelf, ask: Ask): Answer {
  const { host, quota } = shelf
  const answer = renamedAnswer(shelf, ask) ?? storedAnswer(fileAt(shelf, ask), ask)
  if (host !== 'api.github.com') return answer
  if (quota.remaining === 0 && answer.status !== 304)
    return withQuota(answerBytes(403, JSON_TYPE, '{"message":"API rate limit exceeded"}'), quota)
  if (answer.status !== 304) quota.remaining -= 1
  return withQuota(answer, quota)
}

const JSON_TYPE = { 'Content-Type': 'application/json; charset=utf-8' }

function withQuota(answer: Answer, { limit, remaining, reset }: FakeQuota): Answer {
  const told = { 'X-RateLimit-Limit': limit, 'X-RateLimit-Remaining': remaining, 'X-RateLimit-Reset': reset }
  return Object.entries(told).reduce((so, [name, value]) => withHeader(so, name, String(value)), answer)
}

function fileAt({ host, files }: Shelf, { path, query }: Ask): GithubFile | undefined {
  const asked = query.size === 0 ? path : `${path}?${query.toString()}`
  return files.get(`${host}${asked}`) ?? (host === 'api.github.com' ? undefined : files.get(`${host}${path}`))
}

/** github.com knows old names; the API knows numbers only. */
function renamedAnswer({ host, renames }: Shelf, { path }: Ask): Answer | undefined {
  const [, front = '', owner = '', name = '', rest = ''] =
    /^(\/repos)?\/([^/]+)\/([^/]+)(\/.*)?$/.exec(path) ?? []
  const to = renames.get(`${owner}/${name}`.toLowerCase())
  if (to === undefined) return undefined
  if (host === 'api.github.com' && front !== '')
    return answerBytes(301, { Location: `/repositories/4242${rest}` }, 'moved')
  return host === 'github.com' ? answerBytes(301, { Location: `/${to}${rest}` }, 'moved') : undefined
}

function storedAnswer(file: GithubFile | undefined, ask: Ask): Answer {
  if (file === undefined)
    return answerBytes(404, { 'Content-Type': 'text/plain; charset=utf-8' }, '404: Not Found')
  if ('location' in file) return { ...answerEmpty(file.status ?? 302, { Location: file.location }) }
  if (file.token !== undefined && ask.headers.authorization !== `Bearer ${file.token}`)
    return answerBytes(404, { 'Content-Type': 'text/plain; charset=utf-8' }, '404: Not Found')
  const content = Buffer.isBuffer(file.content) ? bytesContent(file.content) : file.content
  const headers = { 'Content-Type': 'application/octet-stream', ...file.headers }
  const answer = answerFile(ask, { content, etag: ask.etag ?? file.etag ?? etagOf(content), headers })
  return file.chunked === true && answer.status === 200 ? withHeader(answer, 'Content-Length', null) : answer
}

function etagOf(content: Content): string {
  const first = content.size === 0 ? Buffer.alloc(0) : content.slice(0, content.size)
  return `"${createHash('sha256').update(first).update(String(content.size)).digest('hex')}"`
}

function idOf(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 32)
}
