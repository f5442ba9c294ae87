import { type Clock, MINUTE, SECOND } from '../domain/clock.ts'
import { createCoalesce } from '../domain/coalesce.ts'
import { AppError } from '../domain/errors.ts'
import { type Because, because } from '../domain/reasons.ts'
import { MIB } from '../domain/units.ts'
import type { OriginClient } from '../upstream/origin.ts'
import { readAll } from '../upstream/read-all.ts'
import { createGate } from './gate.ts'
import { type HubList, type HubRepository, type HubTagLine, PAGE } from './lists.ts'
import { createMemory, type Remembered, type Said } from './memory.ts'
import { DOCKER_HUB } from './names.ts'
import { parseSearch, parseTags } from './parse.ts'
import { troubleOf } from './trouble.ts'

/** What Docker Hub says to a question, as far as that is known. */
export type Heard<T> =
  /** It said so just now, or moments ago. */
  | { readonly kind: 'hub'; readonly list: HubList<T>; readonly at: number }
  /** It said so earlier, and cannot be asked again. */
  | { readonly kind: 'remembered'; readonly list: HubList<T>; readonly at: number; readonly why: Because }
  /** It does not have that repository, or shows it to nobody in particular. */
  | { readonly kind: 'absent' }
  /** It cannot be asked, and nothing is remembered. */
  | { readonly kind: 'nothing'; readonly why: Because }

/** Docker Hub's own search and lists of tags. Nothing is asked unless somebody asks here; nothing rejects for its faults. */
export interface Hub {
  /** Repositories for words as `searchedWords` makes them. Pages count from 1. */
  search(words: string, page: number): Promise<Heard<HubRepository>>
  /** Tags of "library/nginx", the youngest first, whose names contain `part`; "" for all of them. */
  tags(ask: TagsQuestion): Promise<Heard<HubTagLine>>
}

export interface TagsQuestion {
  readonly repository: string
  readonly part: string
  readonly page: number
}

export interface HubSettings {
  /** False: nobody asks it. */
  readonly enabled: boolean
  /** As the client knows it, and where it is; undefined where it cannot be asked. */
  readonly upstream: { readonly name: string; readonly url: string } | undefined
}

export interface HubDeps {
  readonly client: Pick<OriginClient, 'get'>
  readonly settings: () => HubSettings
  readonly clock: Clock
  /** Milliseconds until its headers, and until its last byte. */
  readonly within?: { readonly headers: number; readonly all: number }
}

/** An answer of that age is as good as a new one. */
const FRESH = 5 * MINUTE
/** A question that failed is not repeated within. */
const PAUSE = 10 * SECOND
/** A page of tags with twenty platforms each has 200 KiB. */
const LONGEST_ANSWER = 2 * MIB
const PATIENCE = { headers: 6 * SECOND, all: 10 * SECOND }

interface Question<T> {
  /** Below the address of its web API. */
  readonly path: string
  readonly page: number
  readonly parse: (bytes: Buffer) => HubList<T> | undefined
}

/** The client of Docker Hub's web API. It remembers what it heard for as long as the process lives. */
export function createHub({ client, settings, clock, within = PATIENCE }: HubDeps): Hub {
  const gate = createGate(clock)
  const send = async (upstream: string, path: string): Promise<Buffer> => {
    const signal = AbortSignal.timeout(within.all)
    const request = { upstream, path, accept: 'application/json' }
    const { head, body } = await client.get(request, { signal, headersWithin: within.headers })
    try {
      if (head.status === 200) return await readAll(body, LONGEST_ANSWER)
    } catch (error) {
      signal.throwIfAborted()
      throw error
    } finally {
      body.destroy()
    }
    throw new AppError('upstream_invalid', { detail: { upstream, status: head.status } })
  }
  const search = createAsker<HubRepository>({ gate, send, settings, clock })
  const tags = createAsker<HubTagLine>({ gate, send, settings, clock })
  return {
    search: (words, page) => {
      const query = new URLSearchParams({ query: words, page: String(page), page_size: String(PAGE) })
      return search({ path: `/v2/search/repositories/?${query.toString()}`, page, parse: parseSearch })
    },
    tags: ({ repository, part, page }) => {
      const [namespace = '', name = ''] = repository.split('/')
      const query = new URLSearchParams({
        page: String(page),
        page_size: String(PAGE),
        ordering: 'last_updated',
      })
      if (part !== '') query.set('name', part)
      const place = `/v2/namespaces/${namespace}/repositories/${name}/tags`
      return tags({ path: `${place}?${query.toString()}`, page, parse: parseTags })
    },
  }
}

interface AskerDeps extends Pick<HubDeps, 'settings' | 'clock'> {
  readonly gate: ReturnType<typeof createGate>
  readonly send: (upstream: string, path: string) => Promise<Buffer>
}

function createAsker<T>({ gate, send, settings, clock }: AskerDeps) {
  const memory = createMemory<HubList<T>>()
  const shared = createCoalesce<Heard<T>>()

  const load = async (upstream: string, { path, page, parse }: Question<T>): Promise<Said<HubList<T>>> => {
    try {
      const list = parse(await send(upstream, path))
      if (list !== undefined) return { kind: 'list', list }
      throw new AppError('upstream_invalid', { detail: { upstream, said: 'its answer is no list' } })
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'upstream_not_found') throw error
      // Behind the last page there is none.
      return page === 1 ? { kind: 'absent' } : { kind: 'list', list: NO_MORE }
    }
  }

  const ask = async (upstream: string, question: Question<T>, key: string): Promise<Heard<T>> => {
    const leave = gate.enter()
    try {
      const said = await load(upstream, question)
      const at = clock()
      memory.put(key, { said, at })
      return said.kind === 'list' ? { kind: 'hub', list: said.list, at } : said
    } catch (error) {
      if (error instanceof AppError && error.code === 'upstream_rate_limited') gate.limited(error)
      const why = troubleOf(error)
      const before = memory.get(key)
      memory.put(key, { said: before?.said, at: before?.at ?? 0, failure: { why, at: clock() } })
      return without(before, why)
    } finally {
      leave()
    }
  }

  return async (question: Question<T>): Promise<Heard<T>> => {
    const { enabled, upstream } = settings()
    if (!enabled) return { kind: 'nothing', why: because('hub_off') }
    if (upstream === undefined)
      return { kind: 'nothing', why: because('no_upstream', { upstream: DOCKER_HUB }) }
    const key = `${upstream.url} ${question.path}`
    const known = memory.get(key)
    if (known?.said !== undefined && isWithin(known.at, FRESH)) return heardOf(known.said, known.at)
    const closed = shared.running(key) ? undefined : (gate.closed() ?? failedLately(known))
    if (closed !== undefined) return without(known, closed)
    return await shared.run(key, () => ask(upstream.name, question, key)).result
  }

  function failedLately(known: Remembered<HubList<T>> | undefined): Because | undefined {
    const failure = known?.failure
    return failure !== undefined && isWithin(failure.at, PAUSE) ? failure.why : undefined
  }

  /** A clock that was set back makes nothing younger. */
  function isWithin(at: number, span: number): boolean {
    const age = clock() - at
    return age >= 0 && age < span
  }
}

const NO_MORE = { items: [], total: 0, hasMore: false }

function heardOf<T>(said: Said<HubList<T>>, at: number): Heard<T> {
  return said.kind === 'list' ? { kind: 'hub', list: said.list, at } : said
}

/** What is left to say where Docker Hub cannot be asked. */
function without<T>(known: Remembered<HubList<T>> | undefined, why: Because): Heard<T> {
  if (known?.said?.kind !== 'list') return { kind: 'nothing', why }
  return { kind: 'remembered', list: known.said.list, at: known.at, why }
}
