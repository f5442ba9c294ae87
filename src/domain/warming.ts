import type { Access } from './access.ts'
import type { Digest } from './digest.ts'

/** Which image of a warm list: one name, and for which platforms. */
export interface WarmAsk {
  /** "nginx:1.27"; without a tag, "latest". */
  readonly name: string
  /** "linux/arm64", "all"; empty: that of this machine. */
  readonly platforms: readonly string[]
  /** Rules of whoever has it brought in. */
  readonly access: Access
  readonly signal: AbortSignal
}

/** Content of an image, as its manifests name it. */
export interface Held {
  readonly digest: Digest
  /** Bytes. */
  readonly size: number
}

/** What of an image is not here yet. */
export interface Need {
  /** Manifests that have to be got: what registries count. At least that many where `bytes` is undefined. */
  readonly pulls: number
  /** Undefined until its manifests are here. */
  readonly bytes: number | undefined
  /** All that it consists of, as far as that is known. */
  readonly holds: readonly Held[]
}

export interface Looked extends Need {
  /** All of it is here, and its upstream said that it is still the one. */
  readonly isComplete: boolean
}

/** Somebody who follows how an image comes in. */
export interface WarmWatch {
  /** Asked before manifests are got, then once more before content is: what it throws ends the work. */
  approve(need: Need): void
  /** One pull was spent. */
  pulled(): void
  /** Bytes of content came. */
  took(bytes: number): void
}

/** Where the images of warm lists come from. All reject with AppError as a pull does, and with the signal's reason. */
export interface WarmSource {
  /** The full name of an image, and whose it is. Throws AppError for what is no name. */
  place(name: string): { readonly name: string; readonly upstream: string }
  /** Tags of a repository, in no order; at most some tens of thousands. Costs no pull. */
  tags(ask: Omit<WarmAsk, 'platforms'>): Promise<readonly string[]>
  /** Asks by HEAD what it would take to have an image here. Fetches nothing. */
  look(ask: WarmAsk): Promise<Looked>
  /** Brings in what is missing of an image, and gives what all of it consists of. */
  bring(ask: WarmAsk, watch: WarmWatch): Promise<readonly Held[]>
  /** A complete image is wanted: it counts as used now, but not as pulled. */
  touch(ask: WarmAsk): void
}
