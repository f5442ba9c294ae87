import { createHash } from 'node:crypto'
import type { IncomingMessage, RequestListener } from 'node:http'
import { type Answer, type Ask, answerBytes, answerFile, answerJson } from './fake-answer.ts'
import { bytesContent, type Content } from './fake-content.ts'
import { type Conditions, createExchange, withConditions } from './fake-exchange.ts'
import { createFaults, type Faults } from './fake-faults.ts'
import { createHfApi } from './fake-hf-api.ts'
import { type FakeHfFile, type FakeHfRepo, gitText, hfFile, type Published } from './fake-hf-repos.ts'
import { type Listener, openListener } from './fake-listener.ts'
import { replaceAnswer } from './fake-misdeed.ts'
import { createRequestLog, type RequestLog } from './request-log.ts'
import type { Cleanup } from './temp.ts'

/** A hub of models and the host that keeps its large files. */
export interface FakeHf extends Conditions {
  readonly url: string
  /** Of the large files, "127.0.0.1:40001". */
  readonly storageHost: string
  /** Role "registry" is the hub, "cdn" the other host. */
  readonly requests: RequestLog
  readonly faults: Faults
  /** Most files on one page of a tree. */
  pageSize: number
  /** What the operator of a cache may have. */
  readonly token: string
  /** Adds a commit to a branch of "models/org/name" and gives its name. `hash`: SHA-256 of the large files in it. */
  publish(
    repository: string,
    files: Readonly<Record<string, Published>>,
    options?: { readonly branch?: string; readonly hash?: string },
  ): string
  repo(repository: string): FakeHfRepo
  /** From now on it is called otherwise; the old name redirects. */
  rename(repository: string, to: string): void
  /** Requests of the hub whose method and path match. */
  asked(pattern: RegExp): number
  stop(): Promise<void>
  start(): Promise<void>
}

const TOKEN = 'hf_operator_0123456789'

export async function startFakeHf(t: Cleanup): Promise<FakeHf> {
  const requests = createRequestLog()
  const faults = createFaults()
  const conditions: Conditions = { bandwidth: undefined, latency: 0 }
  const parts = { requests, faults, conditions, frozen: () => undefined }
  const repos = new Map<string, FakeHfRepo>()
  const renamed = new Map<string, string>()
  const stored = new Map<string, Content>()
  let pageSize = 1000

  const open = (role: 'registry' | 'cdn', answer: (ask: Ask) => Answer): Promise<Listener> => {
    const handler = createExchange(parts, {
      label: (ask) => ({ role, kind: role === 'cdn' ? 'cdn' : 'other', ref: ask.path }),
      answer: (ask, { kind }, fault) => replaceAnswer(fault, kind) ?? answer(ask),
    })
    return openListener({ address: '127.0.0.1', port: 0, tls: undefined, handler: withBody(handler) })
  }
  const storage = await open('cdn', (ask) => answerStored(stored, ask))
  const hub: Listener = await open('registry', (ask) => answerHub(ask))

  const moved = (ask: Ask): Answer | undefined => {
    for (const [from, to] of renamed) {
      const path = ask.path.replace(`/${from}/`, `/${to}/`)
      const query = ask.query.size === 0 ? '' : `?${ask.query.toString()}`
      if (path !== ask.path) return answerBytes(307, { Location: `${path}${query}` }, 'moved')
    }
    return undefined
  }

  const find = (type: string, id: string): FakeHfRepo | undefined => repos.get(`${type}/${id}`)
  const api = createHfApi({ find, token: TOKEN, url: () => hub.url, pageSize: () => pageSize })

  const answerHub = (ask: Ask): Answer => {
    const elsewhere = moved(ask)
    if (elsewhere !== undefined) return elsewhere
    if (ask.path.startsWith('/api/resolve-cache/')) return answerGitFile(ask)
    if (ask.path.startsWith('/api/')) return api.answer(ask)
    return ask.path.startsWith('/v2/') ? answerManifest(ask) : answerResolve(ask)
  }

  const answerManifest = (ask: Ask): Answer => {
    const isLlama = ask.headers['user-agent'] === 'llama-cpp'
    return answerJson(200, { schemaVersion: 2, ...(isLlama ? { ggufFile: { rfilename: 'm.gguf' } } : {}) })
  }

  const answerResolve = (ask: Ask): Answer => {
    const { type, id, word, revision, path } = partsOf(ask.path)
    const repo = find(type, id)
    const refusal = api.refusalOf(repo, ask, 'files')
    if (refusal !== undefined || repo === undefined) return refusal ?? api.lack('RepoNotFound')
    const commit = repo.branches.get(revision) ?? revision
    const file = repo.commits.get(commit)?.get(path)
    if (!repo.commits.has(commit)) return api.lack('RevisionNotFound')
    if (file === undefined) return api.lack('EntryNotFound', { 'X-Repo-Commit': commit })
    if (word === 'raw') return answerText(ask, file, commit)
    return file.isLarge ? toStorage(file, commit) : toGitFile(ask, { type, id, commit, path })
  }

  /** As the hub does it today: where the content lies is signed, what it is stands beside that. */
  const toStorage = (file: FakeHfFile, commit: string): Answer => {
    stored.set(`/xet/${file.etag}`, file.content)
    const headers = {
      Location: `${storage.url}/xet/${file.etag}?Expires=1&Signature=0123456789abcdef`,
      'Content-Type': 'text/plain; charset=utf-8',
      'X-Repo-Commit': commit,
      'X-Linked-Size': String(file.content.size),
      'X-Linked-ETag': `"${file.etag}"`,
      'X-Xet-Hash': 'f'.repeat(64),
      Link: `<${hub.url}/api/x/xet-read-token/${commit}>; rel="xet-auth"`,
    }
    return answerBytes(302, headers, 'Found. Redirecting elsewhere')
  }

  const toGitFile = (
    ask: Ask,
    { type, id, commit, path }: { type: string; id: string; commit: string; path: string },
  ): Answer => {
    const location = `/api/resolve-cache/${type}/${id}/${commit}/${encodeURIComponent(path)}?${ask.query.toString()}`
    return answerBytes(307, { Location: location, 'X-Repo-Commit': commit }, 'Temporary Redirect')
  }

  const answerGitFile = (ask: Ask): Answer => {
    const [type = '', org = '', name = '', commit = '', path = ''] = ask.path.split('/').slice(3)
    const file = find(type, `${org}/${name}`)?.commits.get(commit)?.get(decodeURIComponent(path))
    if (file === undefined) return api.lack('EntryNotFound')
    const headers = { 'Content-Type': 'text/plain; charset=utf-8', 'X-Repo-Commit': commit }
    return answerFile(ask, { content: file.content, etag: `"${file.etag}"`, headers })
  }

  const publish: FakeHf['publish'] = (repository, files, { branch = 'main', hash } = {}) => {
    const [type = '', ...name] = repository.split('/')
    const repo = repos.get(repository) ?? newRepo(type, name.join('/'))
    repos.set(repository, repo)
    const commit = createHash('sha1').update(`${repository} ${branch} ${repo.commits.size}`).digest('hex')
    repo.commits.set(
      commit,
      new Map(Object.entries(files).map(([path, content]) => [path, hfFile(content, hash)])),
    )
    repo.branches.set(branch, commit)
    return commit
  }

  const both = [hub, storage]
  t.after(async () => void (await Promise.all(both.map((one) => one.stop()))))
  return withConditions<FakeHf>(
    {
      url: hub.url,
      storageHost: storage.host,
      requests,
      faults,
      token: TOKEN,
      get pageSize() {
        return pageSize
      },
      set pageSize(value) {
        pageSize = value
      },
      publish,
      repo: (repository) => repos.get(repository) ?? newRepo('models', repository),
      rename: (repository, to) => {
        const repo = repos.get(repository)
        if (repo === undefined) return
        renamed.set(repo.id, to)
        repos.delete(repository)
        repo.id = to
        repos.set(`${repo.type}/${to}`, repo)
      },
      asked: (pattern) =>
        requests.list({ role: 'registry' }).filter(({ method, path }) => pattern.test(`${method} ${path}`))
          .length,
      stop: async () => void (await Promise.all(both.map((one) => one.stop()))),
      start: async () => void (await Promise.all(both.map((one) => one.start()))),
    },
    conditions,
  )
}

function newRepo(type: string, id: string): FakeHfRepo {
  return { id, type, commits: new Map(), branches: new Map(), access: 'public' }
}

/** Questions about paths stand in the body, which the rest of the fake looks for among the headers. */
function withBody(handler: RequestListener): RequestListener {
  return (req, res) => {
    const answer = async (): Promise<void> => {
      const body = await bodyOf(req)
      if (body !== '') req.headers['x-body'] = body
      handler(req, res)
    }
    void answer()
  }
}

async function bodyOf(req: IncomingMessage): Promise<string> {
  if (req.method !== 'POST') return ''
  let text = ''
  for await (const chunk of req) text += String(chunk)
  return text
}

/** Signed for GET alone, as addresses of storage often are. */
function answerStored(stored: ReadonlyMap<string, Content>, ask: Ask): Answer {
  const content = stored.get(ask.path)
  if (ask.method !== 'GET' || ask.query.get('Signature') === null || content === undefined)
    return answerBytes(403, { 'Content-Type': 'application/xml' }, '<Error><Code>AccessDenied</Code></Error>')
  const headers = { 'Content-Type': 'application/octet-stream' }
  return answerFile(ask, { content, etag: '"of-the-storage"', headers })
}

function answerText(ask: Ask, file: FakeHfFile, commit: string): Answer {
  const headers = { 'Content-Type': 'text/plain; charset=utf-8', 'X-Repo-Commit': commit }
  return answerFile(ask, { content: bytesContent(gitText(file)), etag: 'W/"raw"', headers })
}

function partsOf(path: string) {
  const parts = path.split('/').slice(1)
  const isTyped = parts[0] === 'datasets' || parts[0] === 'spaces'
  const type = isTyped ? (parts[0] ?? '') : 'models'
  const rest = isTyped ? parts.slice(1) : parts
  const at = rest.findIndex((part, i) => i > 0 && (part === 'resolve' || part === 'raw'))
  return {
    type,
    id: rest.slice(0, at).join('/'),
    word: rest[at] ?? '',
    revision: decodeURIComponent(rest[at + 1] ?? ''),
    path: decodeURIComponent(rest.slice(at + 2).join('/')),
  }
}
