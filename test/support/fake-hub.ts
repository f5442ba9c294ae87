import { once } from 'node:events'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { openListener } from './fake-listener.ts'
import type { Cleanup } from './temp.ts'

/** A repository as Docker Hub's search names it: "nginx" for an official one. */
export interface FakeRepository {
  readonly name: string
  readonly description?: string
  readonly stars?: number
  readonly pulls?: number
  readonly official?: boolean
}

export interface FakeTag {
  readonly name: string
  readonly digest?: string
  /** RFC 3339. */
  readonly updated?: string
  readonly images?: readonly Readonly<Record<string, unknown>>[]
}

/** What is answered instead. hang: headers never come; stall: the body never ends; cut: it ends too early. */
export type Mood =
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: 'body'; readonly body: string | Buffer }
  | { readonly kind: 'hang' | 'stall' | 'cut' | 'endless' }

export interface FakeHubRequest {
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
}

/** The web API of Docker Hub, as far as searching goes. */
export interface FakeHub {
  readonly url: string
  /** Every one so far. */
  readonly requests: readonly FakeHubRequest[]
  add(repository: FakeRepository, tags?: readonly FakeTag[]): void
  /** Undefined: it answers as it should. */
  mood(mood: Mood | undefined): void
  /** Headers that good answers have besides. */
  say(headers: Readonly<Record<string, string>>): void
  /** Holds all answers back until the returned function is called. */
  hold(): () => void
  /** Settles when that many requests came. */
  asked(count: number): Promise<void>
  stop(): Promise<void>
  start(): Promise<void>
}

function* forever(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(64 * 1024, ' ')
}

export async function startFakeHub(t: Cleanup): Promise<FakeHub> {
  const repositories = new Map<string, { readonly row: FakeRepository; readonly tags: readonly FakeTag[] }>()
  const requests: FakeHubRequest[] = []
  const news = new EventTarget()
  let mood: Mood | undefined
  let held = Promise.resolve()
  let said: Readonly<Record<string, string>> = {}

  const handle = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(req.url ?? '', 'http://hub.invalid')
    requests.push({ path: pathname, query: searchParams, headers: req.headers })
    news.dispatchEvent(new Event('asked'))
    await held
    if (mood !== undefined) return misbehave(mood, res)
    const answer = answerTo(pathname, searchParams)
    const text = JSON.stringify(answer ?? { message: 'object not found', errinfo: {} })
    res.writeHead(answer === undefined ? 404 : 200, {
      'content-type': 'application/json',
      'set-cookie': 'tracked=yes',
      'x-ratelimit-limit': '180',
      'x-ratelimit-remaining': '170',
      ...said,
    })
    res.end(text)
  }

  const answerTo = (path: string, query: URLSearchParams): object | undefined => {
    if (path === '/v2/search/repositories/') return pageOf(found(query.get('query') ?? ''), query, toRow)
    const [, namespace, name] = /^\/v2\/namespaces\/([^/]+)\/repositories\/([^/]+)\/tags$/.exec(path) ?? []
    const known = repositories.get(namespace === 'library' ? `${name}` : `${namespace}/${name}`)
    if (known === undefined) return undefined
    const part = query.get('name') ?? ''
    const tags = known.tags.filter((tag) => tag.name.includes(part))
    const page = Number(query.get('page') ?? 1)
    return page > 1 && tags.length <= (page - 1) * 25 ? undefined : pageOf(tags, query, toTag)
  }

  const found = (words: string): readonly FakeRepository[] =>
    [...repositories.values()]
      .map(({ row }) => row)
      .filter(({ name, description = '' }) =>
        words.split(' ').every((word) => `${name} ${description}`.includes(word)),
      )

  const listener = await openListener({
    address: '127.0.0.1',
    port: 0,
    tls: undefined,
    handler: (req, res) => void handle(req, res).catch(() => res.destroy()),
  })
  t.after(() => listener.stop())
  return {
    url: listener.url,
    requests,
    add: (row, tags = []) => void repositories.set(row.name, { row, tags }),
    mood: (next) => {
      mood = next
    },
    say: (headers) => {
      said = headers
    },
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      held = promise
      return resolve
    },
    asked: async (count) => {
      while (requests.length < count) await once(news, 'asked')
    },
    stop: () => listener.stop(),
    start: () => listener.start(),
  }
}

function pageOf<T>(rows: readonly T[], query: URLSearchParams, to: (row: T) => object): object {
  const page = Number(query.get('page') ?? 1)
  const size = Number(query.get('page_size') ?? 10)
  const from = (page - 1) * size
  return {
    count: rows.length,
    next: from + size < rows.length ? `https://elsewhere.example/?page=${page + 1}` : '',
    previous: '',
    results: rows.slice(from, from + size).map(to),
  }
}

function toRow({ name, description = '', stars = 0, pulls = 0, official = false }: FakeRepository): object {
  return {
    repo_name: name,
    short_description: description,
    star_count: stars,
    pull_count: pulls,
    repo_owner: '',
    is_automated: false,
    is_official: official,
  }
}

function toTag({ name, digest, updated = '2025-12-30T08:15:00.123456Z', images = [] }: FakeTag): object {
  return {
    name,
    ...(digest === undefined ? {} : { digest }),
    full_size: 1,
    last_updated: updated,
    tag_last_pushed: updated,
    images,
  }
}

function misbehave(mood: Mood, res: ServerResponse): void {
  switch (mood.kind) {
    case 'status':
      res.writeHead(mood.status, { 'content-type': 'text/html', ...mood.headers })
      res.end('<h1>no</h1>')
      return
    case 'body':
      res.writeHead(200, { 'content-type': 'application/json' })
      res.end(mood.body)
      return
    case 'hang':
      return
    case 'stall':
      res.writeHead(200, { 'content-type': 'application/json' })
      res.write('{"count":1,')
      return
    case 'cut':
      res.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
      res.write('{"count":1,')
      res.destroy()
      return
    case 'endless':
      res.writeHead(200, { 'content-type': 'application/json' })
      Readable.from(forever()).pipe(res)
      return
    default:
      return mood satisfies never
  }
}
