import type { Cache } from '../cache/cache.ts'
import { unkept, type Want } from '../cache/want.ts'
import type { Access } from '../domain/access.ts'
import { type Digest, parseDigest } from '../domain/digest.ts'
import { AppError } from '../domain/errors.ts'
import { isProtocolName } from '../domain/protocol-names.ts'
import type { OciSettings } from '../frontends/oci/front-end.ts'
import {
  type Child,
  type Descriptor,
  type ImageManifest,
  readManifest,
} from '../frontends/oci/image-manifest.ts'
import { parseImageName } from '../frontends/oci/reference.ts'
import { createRouter, type Route } from '../frontends/oci/route.ts'
import { blobWant, manifestWant, type OciUpstream } from '../frontends/oci/wants.ts'
import { configPlatform } from './config-platform.ts'
import { INDEX_TYPE, isImageConfig, MANIFEST_TYPE } from './media.ts'
import { matchPlatform, noPlatform, ownPlatform } from './platforms.ts'

/** A manifest or index, byte for byte. */
export interface Doc {
  readonly digest: Digest
  readonly bytes: Buffer
  readonly mediaType: string
  readonly platform: string | undefined
  readonly manifest: ImageManifest
}

/** Content of an image that goes into an archive, and how the cache is asked for it. */
export interface PackedBlob extends Descriptor {
  readonly want: Want
}

/** An image as it goes into an archive. */
export interface Packed {
  /** "docker.io/library/nginx:1.27" */
  readonly name: string
  readonly repository: string
  /** Undefined where it was named by digest. */
  readonly tag: string | undefined
  /** What the archive offers under this name. */
  readonly root: Doc
  /** What the name leads to, where the archive offers one platform of it alone. */
  readonly index: Doc | undefined
  readonly documents: readonly Doc[]
  /** The manifest for tools that know one platform only; undefined where nothing in it is an image. */
  readonly plain: Doc | undefined
  readonly platforms: readonly string[]
  readonly blobs: readonly PackedBlob[]
}

export interface PackAsk {
  readonly name: string
  /** "linux/arm64"; "all"; undefined: this machine's, or what there is where an image is for one alone. */
  readonly platform: string | undefined
  readonly access: Access
}

/** Indexes in indexes; nobody nests deeper. */
const DEEPEST = 4
const MOST_CHILDREN = 500

/** Reads the manifests of an image through the cache. Throws AppError as a pull of it would. */
export function createCollect(cache: Cache, settings: () => OciSettings) {
  return async ({ name, platform, access }: PackAsk): Promise<Packed> => {
    if (isProtocolName(name))
      throw new AppError('bad_request', { message: `${name} is no image: only images fit` })
    const { upstreams, limits } = settings()
    const { route, reference } = parseImageName(name, createRouter(upstreams))
    const ref = reference?.text ?? 'latest'
    const repository = `${route.upstream.name}/${route.repository}`
    const target = { name: repository, reference: ref }
    access.requirePull(target)
    const kept = (want: Want): Want => (access.mayStore(target) ? want : unkept(want))
    const title = `${repository}${reference?.kind === 'digest' ? '@' : ':'}${ref}`
    const source: Source = {
      title,
      read: async (text, said) => await readDoc(cache, kept(wantOf(route, text, limits)), { text, said }),
      blob: (one) => ({ ...one, want: kept(blobWant(route, one.digest, limits)) }),
      cache,
    }
    const top = await source.read(ref, undefined)
    const chosen = await choose(source, top, platform)
    const documents = chosen.index === undefined ? chosen.documents : [...chosen.documents, chosen.index]
    const blobs = chosen.documents.flatMap(({ manifest }) => manifest.blobs)
    return {
      name: title,
      repository,
      tag: reference?.kind === 'digest' ? undefined : ref,
      ...chosen,
      documents: uniqueBy(documents),
      blobs: uniqueBy(blobs).map(source.blob),
    }
  }
}

interface Source {
  readonly title: string
  read(ref: string, said: Child | undefined): Promise<Doc>
  blob(one: Descriptor): PackedBlob
  readonly cache: Cache
}

type Chosen = Pick<Packed, 'root' | 'index' | 'documents' | 'plain' | 'platforms'>

async function choose(source: Source, top: Doc, platform: string | undefined): Promise<Chosen> {
  if (platform === 'all') return await chooseAll(source, top)
  if (!top.manifest.isIndex) return await choosePlain(source, top, platform)
  const root = await descend(source, top, platform ?? ownPlatform())
  const platforms = root.platform === undefined ? [] : [root.platform]
  return { root, index: top, documents: [root], plain: plainOf([root]), platforms }
}

async function choosePlain(source: Source, top: Doc, platform: string | undefined): Promise<Chosen> {
  requireManifest(source, top)
  const { config } = top.manifest
  const isImage = config !== undefined && isImageConfig(config.mediaType)
  const own = isImage ? await configPlatform(source.cache, source.blob(config).want) : undefined
  if (
    platform !== undefined &&
    own !== undefined &&
    matchPlatform(platform, [{ platform: own }]) === undefined
  )
    throw noPlatform(source.title, [{ platform: own }])
  const root = { ...top, platform: own }
  return {
    root,
    index: undefined,
    documents: [root],
    plain: plainOf([root]),
    platforms: own === undefined ? [] : [own],
  }
}

/** The manifest for one platform, through indexes in the index. */
async function descend(source: Source, top: Doc, platform: string): Promise<Doc> {
  let doc = top
  for (let depth = 0; depth < DEEPEST && doc.manifest.isIndex; depth++) {
    const { children } = doc.manifest
    const child = matchPlatform(platform, children)
    if (child === undefined) throw noPlatform(source.title, children.filter(isForPeople))
    doc = await source.read(child.digest, child)
  }
  requireManifest(source, doc)
  return doc
}

/** Attestations are for no platform. */
function isForPeople({ platform }: Child): boolean {
  return platform !== 'unknown/unknown'
}

/** Everything below an index, whatever it is. */
async function chooseAll(source: Source, top: Doc): Promise<Chosen> {
  const documents: Doc[] = []
  let level: readonly Doc[] = [top]
  for (let depth = 0; depth <= DEEPEST && level.length > 0; depth++) {
    documents.push(...level)
    const children = level.flatMap(({ manifest }) => manifest.children)
    if (documents.length + children.length > MOST_CHILDREN)
      throw new AppError('unsupported', {
        message: `${source.title} holds more than ${MOST_CHILDREN} manifests`,
      })
    level = await readAll(source, children)
  }
  const manifests = documents.filter(({ manifest }) => !manifest.isIndex)
  for (const doc of manifests) requireManifest(source, doc)
  const platforms = manifests.map(({ platform }) => platform).filter((one) => one !== undefined)
  const plain = plainOf(manifests)
  return { root: top, index: undefined, documents, plain, platforms: platforms.filter(isNamed) }
}

function isNamed(platform: string): boolean {
  return !platform.startsWith('unknown/')
}

/** Manifests that are asked for at once. */
const AT_ONCE = 8

async function readAll(source: Source, children: readonly Child[]): Promise<readonly Doc[]> {
  const docs: Doc[] = []
  for (let at = 0; at < children.length; at += AT_ONCE) {
    const some = children.slice(at, at + AT_ONCE)
    docs.push(...(await Promise.all(some.map((child) => source.read(child.digest, child)))))
  }
  return docs
}

/** Of several manifests the one that tools which know one platform only are given: this machine's, else the first. */
function plainOf(docs: readonly Doc[]): Doc | undefined {
  const images = docs.filter(({ manifest, platform }) => {
    const isOfNobody = platform !== undefined && !isNamed(platform)
    return manifest.config !== undefined && isImageConfig(manifest.config.mediaType) && !isOfNobody
  })
  return images.length < 2 ? images[0] : (matchPlatform(ownPlatform(), images) ?? images[0])
}

function requireManifest({ title }: Source, { manifest }: Doc): void {
  if (!manifest.isIndex && manifest.config !== undefined) return
  const message = `${title} is of a kind that fits into no archive: its manifest names no config`
  throw new AppError('unsupported', { message })
}

function wantOf(route: Route<OciUpstream>, text: string, limits: OciSettings['limits']): Want {
  const digest = parseDigest(text)
  const reference =
    digest === undefined ? { kind: 'tag' as const, text } : { kind: 'digest' as const, text: digest }
  return manifestWant(route, reference, limits)
}

async function readDoc(
  cache: Cache,
  want: Want,
  { text, said }: { readonly text: string; readonly said: Child | undefined },
): Promise<Doc> {
  const { bytes, digest, mediaType } = await cache.read(want)
  const manifest = readManifest(bytes)
  const kind = said?.mediaType ?? mediaType ?? (manifest.isIndex ? INDEX_TYPE : MANIFEST_TYPE)
  return { digest: parseDigest(text) ?? digest, bytes, mediaType: kind, platform: said?.platform, manifest }
}

function uniqueBy<T extends { readonly digest: Digest }>(list: readonly T[]): readonly T[] {
  return [...new Map(list.map((one) => [one.digest, one])).values()]
}
