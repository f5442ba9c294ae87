import { isPlatformWord } from './image-manifest.ts'

/** What the config of an image says of when and for what it was made. */
export interface ConfigFacts {
  /** Milliseconds since the epoch; undefined where it does not say. */
  readonly created: number | undefined
  /** "linux/arm64/v8" */
  readonly platform: string | undefined
}

/**
 * Reads the config of an image (OCI image spec, "config"); undefined for everything else that is JSON. Never throws.
 * Builds that can be repeated say 1970, or year 1, so as to say nothing.
 */
export function readConfigFacts(bytes: Buffer): ConfigFacts | undefined {
  const json = parse(bytes)
  const parts = [json['os'], json['architecture'], json['variant']].filter(isPlatformWord)
  if (parts.length < 2 || typeof json['rootfs'] !== 'object') return undefined
  const time = typeof json['created'] === 'string' ? Date.parse(json['created']) : Number.NaN
  const platform = parts.join('/')
  // Attestations are dressed up as images for nothing.
  if (platform.startsWith('unknown/')) return undefined
  return { created: time > 0 ? time : undefined, platform }
}

function parse(bytes: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    // Only own properties are read from it, each checked for its type.
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
  } catch {
    return {}
  }
}
