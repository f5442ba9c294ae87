import type { Landing } from '../cache/landing.ts'
import type { Quota } from '../cache/quota.ts'
import { isTrouble } from '../cache/trouble.ts'
import type { Index } from '../db/index.ts'
import type { Access } from '../domain/access.ts'
import { AppError } from '../domain/errors.ts'
import { because } from '../domain/reasons.ts'
import { MIB } from '../domain/units.ts'
import type { OciSettings } from '../frontends/oci/front-end.ts'
import type { Store } from '../store/store.ts'
import type { Files, FoundImage } from './contents.ts'
import { readDockerArchive } from './docker-archive.ts'
import { type GivenName, nameImages } from './import-names.ts'
import { createIntake, type Intake, type Item } from './intake.ts'
import { createKeep } from './keep.ts'
import { readLayout } from './oci-layout.ts'
import { refused } from './refusal.ts'
import { readTar } from './tar-reader.ts'
import { createUnpacker, MAGIC_LENGTH, packingOf } from './unpack.ts'

export interface ImportAsk {
  readonly as: string | undefined
  readonly upstream: string | undefined
  readonly access: Access
  /** Bytes of the archive, 0 where nobody said. */
  readonly size: number
}

/** An image that is here now. */
export interface ImportedImage {
  readonly name: string
  readonly digest: string
  readonly platforms: readonly string[]
  /** Manifests, configs and layers. */
  readonly blobs: number
  /** Those that were here before. */
  readonly before: number
  /** Bytes of all of them. */
  readonly bytes: number
  /**
   * archive: as the archive has it. made: the archive had no manifest, as older ones of Docker, so one was made here; its
   * digest is none that a registry knows.
   */
  readonly manifest: 'archive' | 'made'
}

/** How far it is. */
export interface ImportStep {
  readonly subject: string
  readonly done: number
  readonly total: number
  readonly bytes: number
  readonly bytesTotal: number
}

export interface ImportWatch {
  readonly signal: AbortSignal
  progress(step: ImportStep): void
}

/** Archives of images into the cache. */
export interface Imports {
  /**
   * Takes an archive as it comes. Everything in it is verified before anything is kept; where something is wrong with
   * it, AppError says what, and nothing is. Rejects with the signal's reason, too.
   */
  run(ask: ImportAsk, archive: AsyncIterable<Buffer>, watch: ImportWatch): Promise<readonly ImportedImage[]>
}

export interface ImportsDeps {
  readonly index: Index
  readonly store: Store
  readonly quota: Quota
  readonly landing: Landing
  readonly settings: () => OciSettings
}

export function createImports(deps: ImportsDeps): Imports {
  const { settings } = deps
  return {
    run: async (ask, archive, watch) => {
      // What can be known to be wrong at once.
      nameImages([], ask, settings())
      const intake = createIntake(deps)
      try {
        const files = await readFiles(intake, archive, { ...watch, size: ask.size })
        const images = await imagesIn(files)
        const names = nameImages(images, ask, settings())
        for (const one of names.flat()) requireStore(ask.access, one)
        return await keepAll(createKeep(deps, intake), images, { names, signal: watch.signal })
      } catch (error) {
        throw isTrouble(error) ? noDisk(error) : error
      } finally {
        await intake.close()
      }
    },
  }
}

function noDisk(cause: unknown): AppError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new AppError('too_large', { message: `the data folder cannot take it: ${why}`, cause })
}

/** Both kinds of archive are told by what they hold; one that is both is read as the newer. */
async function imagesIn(files: Files): Promise<readonly FoundImage[]> {
  if (files.has('index.json') && files.has('oci-layout')) return merged(await readLayout(files))
  if (files.has('manifest.json')) return merged(await readDockerArchive(files))
  if (files.has('repositories')) throw refused('it was written by a Docker older than 1.10: save it again')
  throw refused('this is no archive of images: it has neither index.json nor manifest.json')
}

/** An image with several names stands there as often. */
function merged(images: readonly FoundImage[]): readonly FoundImage[] {
  const byRoot = new Map<string, FoundImage>()
  for (const image of images) {
    const before = byRoot.get(image.root.digest)
    if (before === undefined) byRoot.set(image.root.digest, image)
    else byRoot.set(image.root.digest, union(before, image))
  }
  return [...byRoot.values()]
}

/** The root stays the last document: it comes after what it refers to. */
function union(a: FoundImage, b: FoundImage): FoundImage {
  const documents = new Map([...a.documents, ...b.documents].map((one) => [one.digest, one]))
  documents.delete(a.root.digest)
  const blobs = new Map([...a.blobs, ...b.blobs].map((one) => [one.digest, one]))
  return {
    ...a,
    names: [...new Set([...a.names, ...b.names])],
    tag: a.tag ?? b.tag,
    documents: [...documents.values(), a.root],
    blobs: [...blobs.values()],
  }
}

async function keepAll(
  keep: ReturnType<typeof createKeep>,
  images: readonly FoundImage[],
  { names, signal }: { names: readonly (readonly GivenName[])[]; signal: AbortSignal },
): Promise<readonly ImportedImage[]> {
  const reports: ImportedImage[] = []
  for (const [at, image] of images.entries()) {
    signal.throwIfAborted()
    const own = names[at] ?? []
    const { before } = await keep(image, own)
    for (const { name } of own) reports.push({ name, ...factsOf(image), before })
  }
  return reports
}

function factsOf({ root, documents, blobs, manifest }: FoundImage) {
  const platforms = documents.map(({ platform }) => platform).filter((one) => one !== undefined)
  const bytes = [...documents.map((one) => one.bytes.length), ...blobs.map(({ item }) => item.size)]
  return {
    digest: root.digest,
    platforms: [...new Set(platforms)].filter((one) => !one.startsWith('unknown/')),
    blobs: bytes.length,
    bytes: bytes.reduce((sum, one) => sum + one, 0),
    manifest,
  }
}

/** Throws AppError `denied` for what whoever asks may not pull, or what may not be kept. */
function requireStore(access: Access, { repository, reference }: GivenName): void {
  const target = { name: repository, reference: reference.text }
  access.requirePull(target)
  if (access.mayStore(target)) return
  throw new AppError('denied', because('not_to_keep', { name: repository }))
}

interface Reading extends ImportWatch {
  readonly size: number
}

async function readFiles(
  intake: Intake,
  archive: AsyncIterable<Buffer>,
  { signal, progress, size }: Reading,
): Promise<Files> {
  const items = new Map<string, Item>()
  const links = new Map<string, string>()
  let bytes = 0
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of archive) {
      signal.throwIfAborted()
      bytes += chunk.length
      // Until then, what is wrong can still be said by the status of the answer.
      if (bytes > QUIETLY) progress({ subject: '', done: items.size, total: 0, bytes, bytesTotal: size })
      yield chunk
    }
  }
  await readTar(plain(counted()), {
    file: async (path, length, content) => void items.set(path, await intake.take(path, length, content)),
    link: (path, target) => void links.set(path, target),
  })
  return filesOf(items, links, intake)
}

/** Bytes that are read before anybody hears how far it is. */
const QUIETLY = MIB

/** More would go round in a circle. */
const MOST_LINKS = 8

function filesOf(
  items: ReadonlyMap<string, Item>,
  links: ReadonlyMap<string, string>,
  intake: Intake,
): Files {
  const find = (path: string): Item | undefined => {
    let at = path.replace(/^\.\//, '')
    for (let n = 0; n < MOST_LINKS; n++) {
      const target = links.get(at)
      if (target === undefined) return items.get(at)
      at = target
    }
    return undefined
  }
  return {
    find,
    has: (path) => find(path) !== undefined,
    bytes: async (path) => {
      const item = find(path)
      return item === undefined ? undefined : await intake.bytesOf(item)
    },
  }
}

/** An archive without the packing around it. */
async function* plain(source: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  let start = Buffer.alloc(0)
  for (let next = await source.next(); next.done !== true; next = await source.next()) {
    start = Buffer.concat([start, next.value])
    if (start.length >= MAGIC_LENGTH) break
  }
  const packing = packingOf(start)
  if (packing === undefined) {
    yield start
    yield* source
    return
  }
  const { input, output } = createUnpacker(packing)
  const feed = async (): Promise<void> => {
    try {
      input.write(start)
      for await (const chunk of source) {
        if (output.destroyed) return
        if (!input.write(chunk)) await drained(input, output)
      }
      input.end()
    } catch (error) {
      output.destroy(error instanceof Error ? error : new Error(String(error)))
    }
  }
  const fed = feed()
  try {
    for await (const chunk of output) yield chunk
  } finally {
    output.destroy()
    await fed
  }
}

type Unpacker = ReturnType<typeof createUnpacker>

function drained(input: Unpacker['input'], output: Unpacker['output']): Promise<void> {
  if (output.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      input.off('drain', done)
      output.off('close', done)
      resolve()
    }
    input.once('drain', done)
    output.once('close', done)
  })
}
