/** One thing that people ask of images or repositories in a list. Of several, all must hold. */
export type Condition = ConditionTest & {
  /** True turns it around. */
  readonly not?: boolean
}

/** Times are milliseconds since the epoch, sizes bytes on disk. */
export type ConditionTest =
  /** Nobody used it since. */
  | { readonly kind: 'idle'; readonly before: number }
  /** Somebody used it since. */
  | { readonly kind: 'used'; readonly after: number }
  /** Cached for the first time before that. */
  | { readonly kind: 'older'; readonly before: number }
  | { readonly kind: 'larger' | 'smaller'; readonly bytes: number; readonly of: 'total' | 'onlyHere' }
  /** Pulled less often than that. */
  | { readonly kind: 'fewer'; readonly pulls: number }
  | { readonly kind: 'untagged' | 'tagged' | 'pinned' | 'partial' | 'complete' }
  /** Its last tag moved on. */
  | { readonly kind: 'replaced' }
  /** Its upstream does not have it any more; its tag leads elsewhere there. */
  | { readonly kind: 'gone' | 'moved' }
  | { readonly kind: 'upstream'; readonly name: string }
  /** Something of it for that platform is cached: "linux/arm", or "arm", is "linux/arm/v7", too. */
  | { readonly kind: 'platform'; readonly name: string }
  /** A glob on "upstream/repository", on images with ":tag" or "@digest" too. */
  | { readonly kind: 'name'; readonly glob: string }
