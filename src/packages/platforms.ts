import process from 'node:process'
import { AppError } from '../domain/errors.ts'
import { because } from '../domain/reasons.ts'

/** A platform with a name. */
export interface Named {
  /** "linux/amd64", "linux/arm/v7"; undefined where nothing says it. */
  readonly platform: string | undefined
}

interface Parts {
  readonly os: string
  readonly architecture: string
  /** Undefined where none was named. */
  readonly variant: string | undefined
}

/** Other words for architectures, as containerd knows them. */
const ALIASES: Readonly<Record<string, readonly [architecture: string, variant?: string]>> = {
  x64: ['amd64'],
  'x86-64': ['amd64'],
  x86_64: ['amd64'],
  ia32: ['386'],
  i386: ['386'],
  aarch64: ['arm64'],
  armhf: ['arm', 'v7'],
  armel: ['arm', 'v6'],
}

/** What stands for no variant. */
const DEFAULTS: Readonly<Record<string, string>> = { arm64: 'v8', arm: 'v7', amd64: 'v1' }

/** The platform of this machine. */
export function ownPlatform(): string {
  const [architecture] = ALIASES[process.arch] ?? [process.arch]
  return `linux/${architecture}`
}

/** Throws AppError `bad_request` for what is no platform. */
export function parsePlatform(text: string): Parts {
  const parts = partsOf(text)
  if (parts !== undefined) return parts
  const message = `"${text.slice(0, 100)}" is no platform: write it like linux/arm64, linux/arm/v7, or all`
  throw new AppError('bad_request', { message })
}

/**
 * The one that runs where `asked` does, by containerd's rule: operating system and architecture must be equal; no
 * variant is the architecture's default one (arm64 is arm64/v8, arm is arm/v7); an older variant runs on a newer one, the
 * newest of them wins; who asks for no variant takes any. Undefined where there is none.
 */
export function matchPlatform<T extends Named>(asked: string, offered: readonly T[]): T | undefined {
  const wanted = parsePlatform(asked)
  let best: { readonly one: T; readonly rank: number } | undefined
  for (const one of offered) {
    const parts = one.platform === undefined ? undefined : partsOf(one.platform)
    const rank = parts === undefined ? undefined : rankOf(wanted, parts)
    if (rank !== undefined && (best === undefined || rank < best.rank)) best = { one, rank }
  }
  return best?.one
}

/** Says which platforms there are. */
export function noPlatform(name: string, offered: readonly Named[]): AppError {
  const names = offered.map(({ platform }) => platform ?? 'unknown')
  const { message, why } = because('no_platform', { platforms: [...new Set(names)].join(', ') })
  return new AppError('manifest_unknown', { message: `${name}: ${message}`, why })
}

/** How well an offer fits, 0 best; undefined where it does not. */
function rankOf(wanted: Parts, offer: Parts): number | undefined {
  if (offer.os !== wanted.os || offer.architecture !== wanted.architecture) return undefined
  const level = levelOf(offer)
  const at = levelOf(wanted)
  if (level === undefined || at === undefined) return variantOf(offer) === variantOf(wanted) ? 0 : undefined
  if (level <= at) return at - level
  return wanted.variant === undefined ? MANY + level : undefined
}

/** Variants that nobody asked for come after all that are older. */
const MANY = 1000

function variantOf({ architecture, variant }: Parts): string {
  return variant ?? DEFAULTS[architecture] ?? ''
}

/** 7 of "v7"; undefined for variants that are no versions. */
function levelOf(parts: Parts): number | undefined {
  const variant = variantOf(parts)
  if (variant === '') return 0
  const level = /^v(\d{1,2})(?:\.\d+)?$/.exec(variant)?.[1]
  return level === undefined ? undefined : Number(level)
}

function partsOf(text: string): Parts | undefined {
  const words = text.toLowerCase().split('/')
  const [os = '', said = '', variant] = words
  if (words.length < 2 || words.length > 3 || !words.every((word) => /^[\w.+-]{1,64}$/.test(word)))
    return undefined
  const [architecture, implied] = ALIASES[said] ?? [said]
  // "arm64/8" is written too.
  const named = variant !== undefined && /^\d/.test(variant) ? `v${variant}` : variant
  return { os, architecture, variant: named ?? implied }
}
