import process from 'node:process'
import { type Digest, parseDigest } from '../../domain/digest.ts'

export interface Descriptor {
  readonly digest: Digest
  readonly size: number
  readonly mediaType: string | undefined
}

export interface Child extends Descriptor {
  /** "linux/amd64", "linux/arm/v7"; undefined where the index does not say. */
  readonly platform: string | undefined
}

/** What a manifest or an index says, as far as it is well-formed (OCI image spec, "manifest" and "image-index"). */
export interface ImageManifest {
  readonly isIndex: boolean
  readonly children: readonly Child[]
  readonly config: Descriptor | undefined
  readonly layers: readonly Descriptor[]
  /** Config and layers. */
  readonly blobs: readonly Descriptor[]
}

type Loose = Readonly<Record<string, unknown>>

/** Reads a manifest; what is malformed in it is left out. */
export function readManifest(bytes: Buffer): ImageManifest {
  const json = toLoose(parseJson(bytes))
  const manifests = listOf(json['manifests'])
  const config = toDescriptor(toLoose(json['config']))
  const layers = listOf(json['layers']).map(toDescriptor).filter(isThere)
  return {
    isIndex: Array.isArray(json['manifests']),
    children: manifests.map(toChild).filter(isThere),
    config,
    layers,
    blobs: config === undefined ? layers : [config, ...layers],
  }
}

export interface Choice {
  readonly isIndex: boolean
  readonly children: readonly Child[]
  readonly names: readonly string[]
  readonly available: readonly string[]
}

/** The children of an index that were asked for; with "all" every one, with nothing those of this machine. */
export function choosePlatforms(manifest: ImageManifest, platforms: readonly string[]): Choice {
  const available = manifest.children.map(({ platform }) => platform ?? 'unknown').filter(isThere)
  const asked = platforms.length === 0 ? [ownPlatform()] : platforms
  const isAsked = ({ platform = '' }: Child): boolean =>
    asked.includes('all') || asked.some((name) => platform === name || platform.startsWith(`${name}/`))
  const children = manifest.children.filter(isAsked)
  const names = children.map(({ platform }) => platform ?? 'unknown')
  return { isIndex: manifest.isIndex, children, names, available }
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' }

function ownPlatform(): string {
  return `linux/${ARCHITECTURES[process.arch] ?? process.arch}`
}

function toChild(value: Loose): Child | undefined {
  const descriptor = toDescriptor(value)
  if (descriptor === undefined) return undefined
  const { os, architecture, variant } = toLoose(value['platform'])
  const named = [os, architecture, variant].filter(isPlatformWord)
  return { ...descriptor, platform: named.length < 2 ? undefined : named.join('/') }
}

/** Platforms are shown to people; nothing else is ever in their names (OCI image spec, "platform"). */
export function isPlatformWord(part: unknown): part is string {
  return typeof part === 'string' && /^[\w.+-]{1,64}$/.test(part)
}

function toDescriptor(value: Loose): Descriptor | undefined {
  const { digest, size, mediaType } = value
  const parsed = typeof digest === 'string' ? parseDigest(digest) : undefined
  if (parsed === undefined || typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    return undefined
  return { digest: parsed, size, mediaType: toMediaType(mediaType) }
}

function toMediaType(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w.+/-]{1,200}$/.test(value) ? value : undefined
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}

function listOf(value: unknown): readonly Loose[] {
  return Array.isArray(value) ? value.map(toLoose) : []
}

function toLoose(value: unknown): Loose {
  // Only own properties are read from it, each checked for its type.
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Loose) : {}
}

function isThere<T>(value: T | undefined): value is T {
  return value !== undefined
}
