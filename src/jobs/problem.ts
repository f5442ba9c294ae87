/** What a verification found wrong. */
export interface VerifyProblem {
  readonly digest: string
  readonly problem: 'damaged' | 'missing' | 'size' | 'unreadable' | 'stray'
  /** Names it has; "upstream/repository@digest". */
  readonly names: readonly string[]
  readonly repaired: boolean
  /** Why it could not be repaired. */
  readonly why?: string
}

export interface VerifyReport {
  readonly blobs: number
  readonly bytes: number
  readonly problems: readonly VerifyProblem[]
  readonly ms: number
}
