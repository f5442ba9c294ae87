import type { Cache } from '../../cache/cache.ts'
import type { Document, Want } from '../../cache/want.ts'
import { parseDigest, type Sha256 } from '../../domain/digest.ts'
import { AppError } from '../../domain/errors.ts'
import type { EntryKey } from '../../domain/names.ts'
import { because } from '../../domain/reasons.ts'
import { sideBySide } from '../../domain/side-by-side.ts'
import { BLOBS_AT_ONCE, drain } from './drain.ts'
import type { OciSettings } from './front-end.ts'
import { choosePlatforms, type Descriptor, readManifest } from './image-manifest.ts'
import { parseImageName } from './reference.ts'
import { createRouter, type Route } from './route.ts'
import { blobWant, manifestWant, type OciUpstream } from './wants.ts'

export interface FetchedImage {
  /** "docker.io/library/nginx:1.27" */
  readonly name: string
  readonly digest: Sha256
  readonly platforms: readonly string[]
  readonly blobs: number
  /** Blobs that were cached before. */
  readonly before: number
  readonly bytes: number
}

/** How far fetching an image has come. */
export interface FetchStep {
  readonly subject: string
  readonly done: number
  readonly total: number
  readonly bytes: number
  readonly bytesTotal: number
}

export interface FetchWatch {
  readonly signal: AbortSignal
  progress(step: FetchStep): void
}

/** Pulls without a client: warms the cache, and replaces what was damaged. */
export interface OciFetcher {
  /**
   * Brings an image in, of the platforms named ("linux/arm64"; "all"; none: this machine's). Throws AppError as a
   * pull of it would, and the reason of the signal.
   */
  fetchImage(name: string, platforms: readonly string[], watch: FetchWatch): Promise<FetchedImage>
  /** Brings in the content of one key again, to its end. */
  fetchKey(key: EntryKey): Promise<void>
}

export function createOciFetcher(cache: Cache, settings: () => OciSettings): OciFetcher {
  const documentOf = async (route: Route<OciUpstream>, text: string): Promise<Document> => {
    const digest = parseDigest(text)
    const reference =
      digest === undefined ? ({ kind: 'tag', text } as const) : ({ kind: 'digest', text: digest } as const)
    return await cache.read(manifestWant(route, reference, settings().limits))
  }

  const fetchImage: OciFetcher['fetchImage'] = async (name, platforms, watch) => {
    const { route, reference } = parseImageName(name, createRouter(settings().upstreams))
    const ref = reference?.text ?? 'latest'
    const root = await documentOf(route, ref)
    const chosen = choosePlatforms(readManifest(root.bytes), platforms)
    if (chosen.children.length === 0 && chosen.isIndex) {
      const platforms = chosen.available.join(', ')
      throw new AppError('manifest_unknown', because('no_platform', { platforms }))
    }
    const manifests = await Promise.all(chosen.children.map(({ digest }) => documentOf(route, digest)))
    const parsed = [...(chosen.isIndex ? [] : [root]), ...manifests].map(({ bytes }) => readManifest(bytes))
    const blobs = uniqueBlobs(parsed.flatMap((manifest) => manifest.blobs))
    const drained = await drainAll(cache, blobs, {
      want: ({ digest }) => blobWant(route, digest, settings().limits),
      watch,
    })
    const title = `${route.upstream.name}/${route.repository}${ref.includes(':') ? '@' : ':'}${ref}`
    return { name: title, digest: root.digest, platforms: chosen.names, blobs: blobs.length, ...drained }
  }

  return {
    fetchImage,
    fetchKey: async (key) => {
      const upstream = settings().upstreams.find((one) => one.name === key.upstream)
      if (upstream === undefined)
        throw new AppError('name_unknown', { message: `this cache has no upstream ${key.upstream} any more` })
      const route = { upstream, repository: key.repository }
      const digest = parseDigest(key.ref)
      if (key.kind === 'blob' && digest !== undefined) {
        const { signal } = new AbortController()
        await drain(cache, blobWant(route, digest, settings().limits), { signal, took: () => undefined })
      } else if (key.kind === 'manifest') await documentOf(route, key.ref)
      else throw new AppError('not_found', { message: 'lists are fetched when somebody asks for them' })
    },
  }
}

/** A layer may stand in a manifest more than once. */
export function uniqueBlobs(blobs: readonly Descriptor[]): readonly Descriptor[] {
  return [...new Map(blobs.map((blob) => [blob.digest, blob])).values()]
}

interface Drain {
  readonly want: (blob: Descriptor) => Want
  readonly watch: FetchWatch
}

async function drainAll(
  cache: Cache,
  blobs: readonly Descriptor[],
  { want, watch }: Drain,
): Promise<{ before: number; bytes: number }> {
  const bytesTotal = blobs.reduce((sum, { size }) => sum + size, 0)
  let done = 0
  let bytes = 0
  let before = 0
  const step = (subject: string): void =>
    watch.progress({ subject, done, total: blobs.length, bytes, bytesTotal })
  await sideBySide(blobs, BLOBS_AT_ONCE, async (blob, others) => {
    const { digest } = blob
    const signal = AbortSignal.any([watch.signal, others])
    const took = (more: number): void => {
      bytes += more
      step(digest)
    }
    const outcome = await drain(cache, want(blob), { signal, took })
    if (outcome === 'hit' || outcome === 'revalidated') before++
    done++
    step(digest)
  })
  return { before, bytes }
}
