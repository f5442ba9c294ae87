import type { Index } from '../db/index.ts'
import { type Digest, isSha256 } from '../domain/digest.ts'
import type { Outcome } from '../domain/names.ts'
import type { ByteRange } from '../domain/range.ts'
import type { Run } from '../domain/run.ts'
import { MIB } from '../domain/units.ts'
import { createPartRun } from '../store/part-run.ts'
import type { OriginClient } from '../upstream/origin.ts'
import type { OpenAside } from './aside.ts'
import type { Asker } from './asker.ts'
import { bypassContent } from './bypass-content.ts'
import { createBypassRun } from './bypass-run.ts'
import { fileContent, memoryContent, once } from './content-here.ts'
import type { FlightHead } from './download.ts'
import type { Flight } from './flight.ts'
import type { Flights } from './flights.ts'
import { answerMeta, metaOf } from './meta.ts'
import type { Resolved } from './recheck.ts'
import { requireContinuable, samenessOf } from './sameness.ts'
import type { Known, Shelf } from './shelf.ts'
import { isTrouble, NoRoom } from './trouble.ts'
import { createTurns, type Turns } from './turns.ts'
import type { Content, Meta, Want } from './want.ts'

/** A range that starts this far ahead of a running download is fetched on its own instead of waited for. */
const FAR = 32 * MIB

/** Large content, opened wherever it is. */
export interface Contents {
  /** From disk or memory; undefined when it has to be fetched. */
  fromDisk(want: Want, resolved: Resolved): Promise<Content | undefined>
  /** From a download that runs or is started; straight from the upstream when nothing can be kept. */
  fromFlight(want: Want): Promise<Content>
  /** Straight from the upstream, past the cache. */
  past(want: Want): Promise<Content>
  /** Facts from a download of this very name that is running; undefined when there is none. */
  running(want: Want): Promise<Meta | undefined>
}

export interface ContentsDeps {
  readonly client: OriginClient
  readonly index: Index
  readonly shelf: Shelf
  readonly flights: Flights
  readonly asker: Asker
  /** Where long content lies that is judged and not kept. */
  readonly openAside: OpenAside
  readonly verifiedRanges: () => boolean
  readonly report: (error: unknown) => void
}

export function createContents(given: ContentsDeps): Contents {
  const deps = { ...given, turns: createTurns() }
  const { index, shelf, flights } = deps

  const fromDisk = async (want: Want, resolved: Resolved): Promise<Content | undefined> => {
    const { entry } = resolved
    const row = 'blob' in entry ? entry.blob : index.blobs.find(entry.digest)
    if (row === undefined) return undefined
    const known = { digest: entry.digest, size: row.size, stamp: row.stamp }
    const meta = metaOf(want, resolved)
    const bytes = await shelf.load(known)
    if (bytes !== undefined) return memoryContent(meta, bytes)
    const file = await shelf.open(known)
    if (file === undefined) return undefined
    return fileContent(meta, file, (rest) => fetchRest(want, { ...known, etag: entry.etag }, rest))
  }

  /** The disk gave only the beginning: the rest comes from a new download, for this reader and everybody else. */
  const fetchRest = async (
    want: Want,
    known: Known & { readonly etag: string | undefined },
    rest: ByteRange,
  ): Promise<Run> => {
    await shelf.condemn(known, 'it cannot be read')
    const named = want.digest === undefined ? want.byDigest?.(known.digest) : want
    if (named === undefined) return restByEtag(want, known, rest)
    const content = await fromFlight(named)
    try {
      return (await content.read(rest)).run
    } finally {
      content.close()
    }
  }

  /** Only the version that this reader has the beginning of. */
  const restByEtag = (
    want: Want,
    { etag, size }: { readonly etag: string | undefined; readonly size: number },
    rest: ByteRange,
  ): Run => {
    const { request } = want
    const sameness = samenessOf(want, etag)
    requireContinuable(sameness, request.upstream)
    const turn = deps.turns.inLine(request.upstream)
    return createBypassRun({ client: deps.client, request, ...rest, total: size, sameness, turn })
  }

  const fromFlight = async (want: Want): Promise<Content> => {
    const { flight, joined } = flights.join(want)
    const isForeign = joined && !isSameName(flight.want, want)
    flight.enter()
    try {
      if (isForeign) await shareFlight(flight, want)
      const head = await flight.head.catch(isForeign ? unlessTrouble : rethrow)
      if (head !== undefined) return flightContent({ ...deps, want, flight, joined, head })
    } catch (error) {
      flight.leave()
      if (!isTrouble(error)) throw error
      deps.report(error)
      return await bypassContent(deps, want, error instanceof NoRoom ? error.takeResponse() : undefined)
    }
    // What another name's upstream says about it is no answer to this name: it gets a download of its own.
    flight.leave()
    return await (want.isKept === false ? past(want) : fromFlight(want))
  }

  const past = (want: Want): Promise<Content> => bypassContent(deps, want, undefined)

  /** Knowing a digest is not permission: this name's own upstream is asked before its bytes are shared. */
  const shareFlight = async (flight: Flight, want: Want): Promise<void> => {
    // A file's entry may have been made of its upstream's word that it has this content.
    const isConfirmed =
      want.key.kind === 'file' &&
      want.digest !== undefined &&
      index.entries.find(want.key)?.digest === want.digest
    if (!isConfirmed) await deps.asker.ask(want)
    if (want.isKept !== false) flight.alsoFor(want)
  }

  return {
    fromDisk,
    fromFlight,
    past,
    running: async (want) => {
      const flight = flights.find(want)
      if (flight === undefined || !isSameName(flight.want, want)) return undefined
      const head = await flight.head.catch(() => undefined)
      return head === undefined ? undefined : flightMeta(want, head, 'joined')
    },
  }
}

const rethrow = (error: unknown): never => {
  throw error
}

const unlessTrouble = (error: unknown): undefined => {
  if (isTrouble(error)) throw error
}

/** Size that some cached manifest claims for this content; anybody can claim anything. */
export function claimedSize(index: Index, digest: Digest | undefined): number | undefined {
  return digest !== undefined && isSha256(digest) ? index.edges.sizeOf(digest) : undefined
}

function isSameName(a: Want, b: Want): boolean {
  return a.key.upstream === b.key.upstream && a.key.repository === b.key.repository
}

interface FlightContentDeps extends ContentsDeps {
  readonly turns: Turns
  readonly want: Want
  readonly flight: Flight
  readonly joined: boolean
  readonly head: FlightHead
}

function flightContent(deps: FlightContentDeps): Content {
  const { want, flight, head, client } = deps
  const { part } = flight
  // A download that only waits to be synced is as good as a finished one.
  const shared = part.state === 'whole' ? 'hit' : 'joined'
  const total = part.state === 'whole' ? part.size : head.total
  const meta = answerMeta(want, head.answer, { size: total, outcome: deps.joined ? shared : 'miss' })
  const { upstream } = want.request
  const sameness = samenessOf(want, part.validator)
  const isFar = (range: ByteRange): boolean =>
    part.state === 'growing' && range.start > part.readable + FAR && sameness.by !== 'nothing'
  return {
    ...meta,
    read: async (range) => {
      if (range !== undefined && deps.verifiedRanges()) await landedOrBroken(flight)
      // Where too many are read at their clients' pace already, the download is waited for after all.
      const turn = range !== undefined && isFar(range) ? deps.turns.now(upstream) : undefined
      if (range !== undefined && turn !== undefined) {
        const { request } = want
        const run = createBypassRun({ client, request, ...range, total: head.total, turn, sameness })
        return { run, outcome: 'bypass' }
      }
      flight.enter()
      const run = createPartRun({
        part,
        start: range?.start ?? 0,
        end: range?.end,
        expected: want.digest,
        onward: (from, hash) => {
          deps.report(part.reason)
          requireContinuable(sameness, upstream)
          const isToEnd = range === undefined || range.end + 1 === part.total
          const proof =
            hash === undefined || want.digest === undefined || !isToEnd
              ? undefined
              : { expected: want.digest, hash }
          return createBypassRun({
            client,
            request: want.request,
            start: from,
            end: range?.end,
            proof,
            sameness,
            total: part.total,
            turn: deps.turns.inLine(upstream),
          })
        },
        done: () => flight.leave(),
      })
      return { run, outcome: meta.outcome }
    },
    close: once(() => flight.leave()),
  }
}

/** Settles when the content is verified, or when the disk failed and its readers go on without it. */
async function landedOrBroken(flight: Flight): Promise<void> {
  try {
    await flight.landed
  } catch (error) {
    if (!isTrouble(error)) throw error
  }
}

function flightMeta(want: Want, head: FlightHead, outcome: Outcome): Meta {
  return answerMeta(want, head.answer, { size: head.total, outcome })
}
