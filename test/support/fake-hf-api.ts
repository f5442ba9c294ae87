import { type Answer, type Ask, answerBytes, answerJson } from './fake-answer.ts'
import { type FakeHfFile, type FakeHfRepo, treeEntry } from './fake-hf-repos.ts'
import { matchesETag } from './fake-range.ts'

type Code = 'RepoNotFound' | 'RevisionNotFound' | 'EntryNotFound'

export interface HfApi {
  answer(ask: Ask): Answer
  /** What whoever asks is told instead of an answer. gated repositories show what they are, not their files. */
  refusalOf(repo: FakeHfRepo | undefined, ask: Ask, about: 'files' | 'facts'): Answer | undefined
  lack(code: Code, headers?: Readonly<Record<string, string>>): Answer
}

/** What the hub says about repositories. */
export function createHfApi(deps: {
  readonly find: (type: string, id: string) => FakeHfRepo | undefined
  readonly token: string
  readonly url: () => string
  /** Most files on one page of a tree. */
  readonly pageSize: () => number
}): HfApi {
  const { find, token, url, pageSize } = deps

  const refusalOf: HfApi['refusalOf'] = (repo, ask, about) => {
    if (repo === undefined) return lack('RepoNotFound')
    if (repo.access === 'public' || ask.headers.authorization === `Bearer ${token}`) return undefined
    if (repo.access === 'private') return lack('RepoNotFound')
    if (about === 'facts') return undefined
    const headers = {
      'X-Error-Code': 'GatedRepo',
      'X-Error-Message': `Access to model ${repo.id} is restricted.`,
    }
    return answerJson(401, { error: headers['X-Error-Message'] }, headers)
  }

  const answerTree = (
    repo: FakeHfRepo,
    { commit, folder, ask }: { commit: string; folder: string; ask: Ask },
  ): Answer => {
    const files = [...(repo.commits.get(commit) ?? [])].filter(
      ([path]) => folder === '' || path.startsWith(`${folder}/`),
    )
    if (folder !== '' && files.length === 0) return lack('EntryNotFound', { 'X-Repo-Commit': commit })
    const from = Number(ask.query.get('cursor') ?? 0)
    const limit = Number(ask.query.get('limit') ?? pageSize())
    const lastCommit = ask.query.get('expand')?.toLowerCase() === 'true' ? commit : undefined
    const page = files.slice(from, from + limit).map(([path, file]) => treeEntry(path, file, lastCommit))
    const next = new URLSearchParams([...ask.query].filter(([name]) => name !== 'cursor'))
    next.set('cursor', String(from + limit))
    const link = { Link: `<${url()}${ask.path}?${next.toString()}>; rel="next"` }
    return tagged(ask, page, from + limit < files.length ? link : {})
  }

  const answerRepo = (
    repo: FakeHfRepo,
    [word = 'revision', ...rest]: readonly string[],
    ask: Ask,
  ): Answer => {
    if (word === 'refs') {
      const branches = [...repo.branches].map(([name, commit]) => ({
        name,
        ref: `refs/heads/${name}`,
        targetCommit: commit,
      }))
      return tagged(ask, { branches, tags: [], converts: [] })
    }
    if (word === 'auth-check') return refusalOf(repo, ask, 'files') ?? answerBytes(200, {}, 'OK')
    const asked = decodeURIComponent(rest[0] ?? 'main')
    const revision = asked === 'HEAD' ? 'main' : asked
    const commit = repo.branches.get(revision) ?? revision
    const files = repo.commits.get(commit)
    if (files === undefined) return lack('RevisionNotFound')
    if (word === 'tree') {
      return answerTree(repo, { commit, folder: decodeURIComponent(rest.slice(1).join('/')), ask })
    }
    if (word === 'paths-info') return answerPaths(files, commit, ask)
    if (word === 'commits')
      return tagged(ask, [{ id: commit, title: 'first', message: '', date: DAY, authors: [] }])
    return tagged(ask, infoOf(repo, { commit, files, ask }))
  }

  return {
    refusalOf,
    lack,
    answer: (ask) => {
      const [type = '', org = '', name = '', ...rest] = ask.path.split('/').slice(2)
      if (name === '') return tagged(ask, [{ id: 'org/model' }])
      const repo = find(type, `${org}/${name}`)
      const refusal = refusalOf(repo, ask, 'facts')
      return refusal ?? (repo === undefined ? lack('RepoNotFound') : answerRepo(repo, rest, ask))
    },
  }
}

/** The hub answers 401 for repositories that do not exist, since they may be private. */
function lack(code: Code, headers: Readonly<Record<string, string>> = {}): Answer {
  const status = code === 'RepoNotFound' ? 401 : 404
  const message = code === 'RepoNotFound' ? 'Invalid username or password.' : `${code}, says the fake`
  return answerJson(
    status,
    { error: message },
    { ...headers, 'X-Error-Code': code, 'X-Error-Message': message },
  )
}

const DAY = '2026-01-02T03:04:05.000Z'

function infoOf(
  { id }: FakeHfRepo,
  { commit, files, ask }: { commit: string; files: ReadonlyMap<string, FakeHfFile>; ask: Ask },
): object {
  const isExpanded = ask.query.has('expand')
  if (isExpanded && ask.query.getAll('expand').every((field) => field === 'sha'))
    return { _id: '1', id, sha: commit }
  const isFull = ask.query.get('blobs')?.toLowerCase() === 'true'
  const siblings = [...files].map(([path, file]) => ({
    rfilename: path,
    ...(isFull ? sibling(file) : {}),
  }))
  return {
    _id: '1',
    id,
    modelId: id,
    sha: commit,
    private: false,
    gated: false,
    disabled: false,
    downloads: 7,
    likes: 3,
    tags: [],
    lastModified: DAY,
    createdAt: DAY,
    author: id.split('/')[0],
    siblings,
  }
}

/** Descriptions name the hash of large files otherwise than trees do. */
function sibling({ content: { size }, etag, isLarge }: FakeHfFile): object {
  const large = { lfs: { sha256: etag, size, pointerSize: 130 }, xetHash: 'e'.repeat(64) }
  return { blobId: etag.slice(0, 40), size, ...(isLarge ? large : {}) }
}

function answerPaths(files: ReadonlyMap<string, FakeHfFile>, commit: string, ask: Ask): Answer {
  const body = ask.headers['x-body']
  if (ask.method !== 'POST' || typeof body !== 'string') return answerJson(400, { error: 'no body' })
  // The fake believes its test.
  const { paths, expand } = JSON.parse(body) as { paths: string[]; expand?: boolean }
  const found = paths.flatMap((path) => {
    const file = files.get(path)
    return file === undefined ? [] : [treeEntry(path, file, expand === true ? commit : undefined)]
  })
  return answerJson(200, found)
}

/** With a weak ETag, as the hub has them. */
function tagged(ask: Ask, json: object, headers: Readonly<Record<string, string>> = {}): Answer {
  const text = JSON.stringify(json)
  const etag = `W/"${text.length}-${Buffer.from(text).reduce((sum, byte) => (sum * 31 + byte) % 1_000_003, 7)}"`
  if (matchesETag(ask.headers['if-none-match'], etag.slice('W/'.length))) {
    return { ...answerBytes(304, { ETag: etag }, ''), headers: { ETag: etag } }
  }
  return answerJson(200, json, { ...headers, ETag: etag })
}
