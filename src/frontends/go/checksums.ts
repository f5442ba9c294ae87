import type { Cache } from '../../cache/cache.ts'
import type { Unproven, Want } from '../../cache/want.ts'
import { AppError } from '../../domain/errors.ts'
import type { Log } from '../../domain/log.ts'
import type { Summed } from './book.ts'
import { headIn, type Lookup, parseLookupAnswer, statedIn, verifierOf } from './lookup.ts'
import type { Verifier } from './note.ts'
import type { SumdbAsk } from './path.ts'
import { requireRecord } from './proof.ts'
import type { GoDatabase } from './settings.ts'
import { bytesOf, refusalOf } from './shape.ts'
import { formatTile, sizeOfTile } from './tile.ts'
import { sumdbWant } from './wants.ts'

/** The checksum databases, asked through the cache. */
export interface Checksums {
  /** How to get a file of one, judged as far as it can be before it is kept. Undefined for one that is not configured. */
  want(name: string, ask: FileAsk): Want | undefined
  has(name: string): boolean
  /**
   * What the first database says that a file of a version is, proven to be in its log where its key is known. Throws
   * AppError when nothing can be said: a version of which nobody knows whether it is right is not served.
   */
  find(file: Summed): Promise<{ readonly database: string; readonly stated: readonly string[] }>
}

export type FileAsk = Exclude<SumdbAsk, { kind: 'supported' }>

interface Known {
  readonly database: GoDatabase
  readonly verifier: Verifier | undefined
}

export function createChecksums(cache: Cache, databases: readonly GoDatabase[], log: Log): Checksums {
  const known = databases.flatMap((database): Known[] => {
    const verifier = verifierOf(database)
    if (verifier !== 'malformed') return [{ database, verifier }]
    // Nobody must believe that it is checked.
    log.error({ event: 'go.sumdb', database: database.name }, 'the key of a checksum database is malformed')
    return []
  })

  const wantOf = ({ database, verifier }: Known, ask: FileAsk): Want => ({
    ...sumdbWant(database, ask),
    check: (content) => requireSumdbFile(content, ask, { verifier, upstream: database.upstream }),
  })

  const prove = async ({ database, verifier }: Known, lookup: Lookup): Promise<void> => {
    if (verifier === undefined) return
    const { upstream } = database
    const head = headIn(lookup.note, verifier)
    if (head === undefined) throw refusalOf(upstream, `sent a lookup that ${verifier.name} did not sign`)
    const read = async (tile: Parameters<typeof formatTile>[0]): Promise<Buffer> => {
      const path = formatTile(tile)
      return (await cache.read(wantOf({ database, verifier }, { kind: 'tile', path, tile }))).bytes
    }
    await requireRecord(lookup, head, { read, upstream })
  }

  const find: Checksums['find'] = async (file) => {
    const [first] = known
    if (first === undefined) {
      const message = 'go.verify is "sumdb", but no checksum database is configured (go.sumdb)'
      throw new AppError('upstream_invalid', { message })
    }
    const { module, version } = file
    const { name } = first.database
    const { bytes } = await cache
      .read(wantOf(first, { kind: 'lookup', module, version }))
      .catch(unlessUnknown(name, file))
    const lookup = parseLookupAnswer(bytes)
    if (lookup === undefined) throw refusalOf(first.database.upstream, 'sent no lookup')
    await prove(first, lookup)
    return { database: name, stated: statedIn(lookup, file) }
  }

  return {
    has: (name) => known.some(({ database }) => database.name === name),
    want: (name, ask) => {
      const found = known.find(({ database }) => database.name === name)
      return found === undefined ? undefined : wantOf(found, ask)
    },
    find,
  }
}

function unlessUnknown(name: string, { module, version }: Summed): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof AppError) || error.code !== 'not_found') throw error
    const message = `${module}@${version} is not in ${name}; if it is private, say so in go.private`
    throw new AppError('upstream_invalid', { message, detail: error.detail, cause: error })
  }
}

/**
 * Signatures and lengths, so that a page of something in between is not kept for good. Clients check the rest, as they
 * check everything that a database says. Throws AppError `upstream_invalid`.
 */
async function requireSumdbFile(
  content: Unproven,
  ask: FileAsk,
  { verifier, upstream }: { verifier: Verifier | undefined; upstream: string },
): Promise<void> {
  if (ask.kind === 'tile') {
    const size = sizeOfTile(ask.tile)
    if (size !== undefined && size !== content.size) throw refusalOf(upstream, 'sent a tile of another size')
    return
  }
  const bytes = await bytesOf(content)
  const lookup = ask.kind === 'lookup' ? parseLookupAnswer(bytes) : undefined
  const note = ask.kind === 'lookup' ? lookup?.note : bytes.toString('utf8')
  if (note === undefined || headIn(note, verifier) === undefined)
    throw refusalOf(upstream, `sent no ${ask.kind} that ${verifier?.name ?? 'it'} signed`)
  if (
    ask.kind === 'lookup' &&
    lookup !== undefined &&
    statedIn(lookup, { ...ask, suffix: 'zip' }).length === 0
  )
    throw refusalOf(upstream, 'sent a lookup of another version')
}
