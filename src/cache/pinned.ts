import type { Index } from '../db/index.ts'
import type { Pin } from '../db/pins.ts'
import type { Clock } from '../domain/clock.ts'
import type { Sha256 } from '../domain/digest.ts'
import { createFileGlobs } from '../domain/file-globs.ts'
import type { FileName } from '../domain/file-names.ts'
import { createImageGlobs } from '../domain/glob-set.ts'
import type { EntryKey } from '../domain/names.ts'
import { isProtocolName } from '../domain/protocol-names.ts'

/**
 * What is never evicted and never expires: images whose names a pin covers, with everything below them, and files. A pin
 * on a whole repository of files keeps what is beside its files, too.
 */
export interface Pinned {
  /** A name leads to this content now: marks it when a pin covers the name. Belongs inside the transaction that says so. */
  noticed(key: EntryKey, digest: Sha256): void
  /** Whether a pin in force covers the name. */
  covers(key: EntryKey): boolean
  /** Whether one covers a file, or all of a repository of files: a mirror, say. */
  coversFile(name: FileName): boolean
  /** Pins in force, those of the configuration included. */
  list(): readonly Pin[]
  /** All of them or, where that fails, none. */
  put(pins: readonly Omit<Pin, 'origin'>[]): Promise<void>
  /** Lifts all of them; or none, and says the first that was not set by hand. */
  remove(matches: readonly string[]): Promise<string | undefined>
  /** The pins of the configuration are these now. */
  configure(pins: readonly Omit<Pin, 'origin'>[]): Promise<void>
  /** Brings the marks of all blobs in line with the pins in force and the names there are. */
  refresh(): Promise<void>
}

/** Marks written in one transaction. */
const PAGE = 500

export function createPinned({ index, clock }: { index: Index; clock: Clock }): Pinned {
  let images = createImageGlobs<number>([])
  let files = createFileGlobs<number>([])
  let marked = 0
  let refreshing: Promise<void> = Promise.resolve()

  const list = (): readonly Pin[] =>
    index.pins.list().filter(({ until }) => until === undefined || until > clock())

  const load = (): void => {
    const items = list().map(({ match, until }) => ({ match, value: until ?? Number.POSITIVE_INFINITY }))
    images = createImageGlobs(items.filter(({ match }) => !isProtocolName(match)))
    files = createFileGlobs(items.filter(({ match }) => isProtocolName(match)))
  }
  load()

  const setAll = async (digests: readonly Sha256[], isPinned: boolean): Promise<void> => {
    for (let at = 0; at < digests.length; at += PAGE)
      await index.transact(() => index.pins.set(digests.slice(at, at + PAGE), isPinned))
  }

  /** Once more where names came under pins meanwhile: the clerk may not have seen them. */
  const refreshNow = async (): Promise<void> => {
    load()
    const before = marked
    const marks = await index.clerk.ask('pinned', { matches: list().map(({ match }) => match) })
    await setAll(marks.missing, true)
    if (marked !== before) return await refreshNow()
    await setAll(marks.surplus, false)
  }

  /** One after the other, so that the last one sees the pins as they are at the end. */
  const refresh = (): Promise<void> => {
    refreshing = refreshing.catch(() => undefined).then(refreshNow)
    return refreshing
  }

  const change = async <T>(work: () => T): Promise<T> => {
    const result = await index.transact(work)
    await refresh()
    return result
  }

  const isInForce = (untils: Iterable<number>): boolean => {
    const now = clock()
    for (const until of untils) if (until > now) return true
    return false
  }

  const covers = (key: EntryKey): boolean => {
    if (key.frontEnd !== 'oci') return isInForce(files.of(key))
    if (key.kind !== 'manifest') return false
    return isInForce(images.of(`${key.upstream}/${key.repository}`, key.ref))
  }

  return {
    covers,
    coversFile: (name) => isInForce(files.ofName(name)),
    noticed: (key, digest) => {
      if (!covers(key)) return
      marked++
      index.pins.mark([digest])
    },
    list,
    put: (pins) =>
      change(() => {
        for (const pin of pins) index.pins.put({ ...pin, origin: 'user' }, clock())
      }),
    remove: async (matches) => {
      const known = new Set(
        index.pins.list().flatMap(({ match, origin }) => (origin === 'user' ? [match] : [])),
      )
      const missing = matches.find((match) => !known.has(match))
      if (missing !== undefined) return missing
      await change(() => {
        for (const match of matches) index.pins.remove(match, 'user')
      })
      return undefined
    },
    configure: async (pins) => {
      const known = index.pins.list().filter(({ origin }) => origin === 'config')
      const isSame = textOf(known) === textOf(pins)
      if (!isSame) await change(() => index.pins.replaceConfig(pins, clock()))
    },
    refresh,
  }
}

function textOf(pins: readonly Omit<Pin, 'origin'>[]): string {
  const lines = pins.map(({ match, until, reason }) => JSON.stringify([match, until, reason]))
  return lines.toSorted((a, b) => a.localeCompare(b)).join('\n')
}
