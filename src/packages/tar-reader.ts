import { posix } from 'node:path'
import { Parser, type ReadEntry } from 'tar'
import { KIB } from '../domain/units.ts'
import { refused } from './refusal.ts'

/** What an archive may hold, each in its own way. */
export interface TarTaker {
  /** Must read the content to its end. What it throws ends the reading. */
  file(path: string, size: number, content: AsyncIterable<Buffer>): Promise<void>
  link(path: string, target: string): void
}

const MOST_ENTRIES = 100_000
const LONGEST_PATH = 1024
/** Of extended headers. */
const LONGEST_META = 64 * KIB

const FILES = new Set(['File', 'OldFile', 'ContiguousFile'])
const LINKS = new Set(['Link', 'SymbolicLink'])
const FOLDERS = new Set(['Directory', 'GNUDumpDir'])

/**
 * Reads a tar archive that comes as a stream. Throws AppError `bad_request` for everything that no tool writes into an
 * archive of images: paths that lead out of it, devices, damaged or huge headers, names that stand there twice.
 */
export async function readTar(source: AsyncIterable<Buffer>, taker: TarTaker): Promise<void> {
  const reading = createReading(taker)
  const { parser } = reading
  for await (const chunk of source) {
    reading.check()
    // Whatever follows the end is read, since whoever sends it waits for that, and looked at by nobody.
    if (reading.isOver()) continue
    // "drain" comes when what was given is read; a failure is looked for then.
    if (!parser.write(chunk)) await reading.drained()
    reading.check()
  }
  await reading.end()
}

function createReading(taker: TarTaker) {
  const parser = new Parser({ strict: true, maxMetaEntrySize: LONGEST_META })
  const paths = new Set<string>()
  let failure: { readonly error: unknown } | undefined
  let count = 0
  let isOver = false
  /** An entry may still be verified while the next one is read. */
  const working = new Set<Promise<void>>()
  const wake = new Set<() => void>()

  const fail = (error: unknown): void => {
    failure ??= { error }
    for (const one of wake) one()
    wake.clear()
  }
  const take = async (entry: ReadEntry): Promise<void> => {
    try {
      if (failure !== undefined) return
      if (++count > MOST_ENTRIES) throw refused(`it holds more than ${MOST_ENTRIES} files`)
      await takeEntry(entry, taker, paths)
    } catch (error) {
      fail(error)
    } finally {
      entry.resume()
    }
  }
  parser.on('entry', (entry: ReadEntry) => {
    const work = take(entry).finally(() => working.delete(work))
    working.add(work)
  })
  parser.on('ignoredEntry', (entry: ReadEntry) => {
    fail(
      refused(
        entry.meta ? 'it has a header that is far too long' : `it holds something unusable: ${entry.path}`,
      ),
    )
  })
  parser.on('eof', () => {
    isOver = true
  })
  parser.on('error', (error: Error) => fail(refused(`this is no archive of images: ${error.message}`)))

  const check = (): void => {
    if (failure !== undefined) throw failure.error
  }
  const until = (event: 'drain' | 'end'): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        parser.off(event, done)
        wake.delete(done)
        resolve()
      }
      wake.add(done)
      parser.once(event, done)
    })
  return {
    parser,
    check,
    isOver: () => isOver,
    drained: () => until('drain'),
    end: async (): Promise<void> => {
      const ended = until('end')
      parser.end()
      await ended
      await Promise.all(working)
      check()
    },
  }
}

async function takeEntry(entry: ReadEntry, taker: TarTaker, paths: Set<string>): Promise<void> {
  if (FOLDERS.has(entry.type)) {
    pathIn(entry.path)
    return
  }
  const path = pathIn(entry.path)
  const isLink = LINKS.has(entry.type)
  if (!isLink && !FILES.has(entry.type))
    throw refused(`it holds something that is no file: ${path} (${entry.type})`)
  if (paths.has(path)) throw refused(`it has ${path} twice`)
  paths.add(path)
  if (isLink) taker.link(path, targetOf(path, entry))
  else await taker.file(path, entry.size, entry)
}

/** A path inside of the archive, without "./". */
function pathIn(raw: string): string {
  const isLong = raw.length > LONGEST_PATH
  const path = isLong ? '' : posix.normalize(raw).replace(/\/$/, '')
  const leadsOut = raw.startsWith('/') || path === '..' || path.startsWith('../') || /[\\\0]/.test(raw)
  if (isLong || leadsOut) throw refused(`it has a path that leads out of it: ${raw.slice(0, 100)}`)
  return path
}

/** Old archives have links instead of layers that are equal; those stay inside. */
function targetOf(path: string, { type, linkpath = '' }: ReadEntry): string {
  if (linkpath.startsWith('/')) throw refused(`it has a link that leads out of it: ${path}`)
  return pathIn(type === 'Link' ? linkpath : posix.join(posix.dirname(path), linkpath))
}
