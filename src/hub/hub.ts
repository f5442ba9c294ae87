import { type Clock, MINUTE, SECOND } from '../domain/clock.ts'
import { createCoalesce } from '../domain/coalesce.ts'
import { AppError } from '../domain/errors.ts'
import { DOCKER_HUB } from '../domain/names.ts'
import { type Because, because } from '../domain/reasons.ts'
import { MIB } from '../domain/units.ts'
import type { OriginClient, RateLimit } from '../upstream/origin.ts'
import { readAll } from '../upstream/read-all.ts'
import { createFailures } from './failures.ts'
import { createGate, type Gate } from './gate.ts'
import { type HubList, type HubRepository, type HubTagLine, PAGE } from './lists.ts'
import { createMemory, type Remembered, type Said } from './memory.ts'
import { parseSearch, parseTags } from './parse.ts'
import { troubleOf } from './trouble.ts'

/** What Docker Hub says to a question, as far as that is known; `asked`: a request went out to it for this very call. */
export type Heard<T> = Known<T> & { readonly asked: boolean }

type Known<T> =
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
  /** Repositories for words as `searchedWords` makes them. Pages count from 1, and have `size` rows: 25 unless told. */
  search(words: string, page: number, size?: number): Promise<Heard<HubRepository>>
  /** Tags of "library/nginx", the youngest first, whose names contain `part`; "" for all of them. */
  tags(ask: TagsQuestion): Promise<Heard<HubTagLine>>
  /** What its registry is called here: "docker.io", unless that is a further name of an upstream. */
  registry(): string
}

export interface TagsQuestion {
  readonly repository: string
  readonly part: string
  readonly page: number
}

export interface HubSettings {
  /** False: nobody asks it. */
  readonly enabled: boolean
  /** The upstream that is its registry, by its own name; undefined where there is none. */
  readonly registry: string | undefined
  /** As the client knows it, and where it is; undefined where it cannot be asked. */
  readonly upstream: { readonly name: string; readonly url: string } | undefined
}

export interface HubDeps {
  readonly client: Pick<OriginClient, 'get' | 'rateLimit'>
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
  /** Whether a 404 says that there is nothing of that name; a search that is not found is one that failed. */
  readonly mayLack: boolean
}

/** The client of Docker Hub's web API. It remembers what it heard for as long as the process lives. */
export function createHub({ client, settings, clock, within = PATIENCE }: HubDeps): Hub {
  const gate = createGate(clock, () => budgetOf(client, settings()))
  const send = createSend(client, within)
  const search = createAsker<HubRepository>({ gate, send, settings, clock })
  const tags = createAsker<HubTagLine>({ gate, send, settings, clock })
  return {
    registry: () => settings().registry ?? DOCKER_HUB,
    search: (words, page, size = PAGE) => {
      const query = new URLSearchParams({ query: words, page: String(page), page_size: String(size) })
      const path = `/v2/search/repositories/?${query.toString()}`
      return search({ path, page, parse: (bytes) => parseSearch(bytes, size), mayLack: false })
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
      return tags({ path: `${place}?${query.toString()}`, page, parse: parseTags, mayLack: true })
    },
  }
}

function budgetOf(client: HubDeps['client'], { upstream }: HubSettings): RateLimit | undefined {
  return upstream === undefined ? undefined : client.rateLimit(upstream.name)
}

type Send = (upstream: string, path: string) => Promise<Buffer>

/** People wait for it, and each of its requests counts: nothing is sent twice. */
function createSend(client: HubDeps['client'], within: NonNullable<HubDeps['within']>): Send {
  return async (upstream, path) => {
    const signal = AbortSignal.timeout(within.all)
    const request = { upstream, path, accept: 'application/json' }
    const options = { signal, headersWithin: within.headers, repeat: false }
    const { head, body } = await client.get(request, options)
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
}

interface AskerDeps extends Pick<HubDeps, 'settings' | 'clock'> {
  readonly gate: Gate
  readonly send: Send
}

function createAsker<T>({ gate, send, settings, clock }: AskerDeps) {
  const memory = createMemory<HubList<T>>()
  const failures = createFailures(clock, PAUSE)
  const shared = createCoalesce<Known<T>>()

  const load = async (upstream: string, question: Question<T>): Promise<Said<HubList<T>>> => {
    const { path, page, parse, mayLack } = question
    try {
      const list = parse(await send(upstream, path))
      if (list !== undefined) return { kind: 'list', list }
      throw new AppError('upstream_invalid', { detail: { upstream, said: 'its answer is no list' } })
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'upstream_not_found') throw error
      // Behind the last page there is none.
      if (page > 1) return { kind: 'list', list: NO_MORE }
      if (mayLack) return { kind: 'absent' }
      throw error
    }
  }

  const ask = async (upstream: string, question: Question<T>, key: string): Promise<Known<T>> => {
    const leave = gate.enter()
    try {
      const said = await load(upstream, question)
      gate.answered()
      const at = clock()
      memory.put(key, { said, at })
      return knownOf(said, at)
    } catch (error) {
      const why = troubleOf(error)
      gate.failed(error, why)
      failures.put(key, why)
      return without(memory.get(key), why)
    } finally {
      leave()
    }
  }

  return async (question: Question<T>): Promise<Heard<T>> => {
    const place = placeOf(settings())
    if ('why' in place) return { kind: 'nothing', why: place.why, asked: false }
    const key = `${place.url} ${question.path}`
    const known = memory.get(key)
    if (known !== undefined && isFresh(known.at)) return { ...knownOf(known.said, known.at), asked: false }
    const closed = shared.running(key) ? undefined : (gate.closed() ?? failures.whyOf(key))
    if (closed !== undefined) return { ...without(known, closed), asked: false }
    const { result, joined } = shared.run(key, () => ask(place.name, question, key))
    return { ...(await result), asked: !joined }
  }

  /** A clock that was set back makes nothing younger. */
  function isFresh(at: number): boolean {
    const age = clock() - at
    return age >= 0 && age < FRESH
  }
}

/** Where it is asked, or why it is not. */
function placeOf({
  enabled,
  registry,
  upstream,
}: HubSettings): NonNullable<HubSettings['upstream']> | { readonly why: Because } {
  if (!enabled) return { why: because('hub_off') }
  if (registry === undefined) return { why: because('no_upstream', { upstream: DOCKER_HUB }) }
  return upstream ?? { why: because('hub_mirror') }
}

const NO_MORE = { items: [], total: 0, hasMore: false }

function knownOf<T>(said: Said<HubList<T>>, at: number): Known<T> {
  return said.kind === 'list' ? { kind: 'hub', list: said.list, at } : said
}

/** What is left to say where Docker Hub cannot be asked. */
function without<T>(known: Remembered<HubList<T>> | undefined, why: Because): Known<T> {
  if (known?.said.kind !== 'list') return { kind: 'nothing', why }
  return { kind: 'remembered', list: known.said.list, at: known.at, why }
}
