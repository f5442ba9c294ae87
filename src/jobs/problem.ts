/** What a verification found wrong. */
export interface VerifyProblem {
  /** Of mirrors of git repositories, their name; of files that nothing leads to, perhaps a path. */
  readonly digest: string
  readonly problem: 'damaged' | 'missing' | 'size' | 'unreadable' | 'stray'
  /** Names it has; "upstream/repository@digest", "hf:org/model/<commit>/config.json", "git:github.com/owner/repo". */
  readonly names: readonly string[]
  readonly repaired: boolean
  /** Why it could not be repaired. */
  readonly why?: string
}

export interface VerifyReport {
  readonly blobs: number
  readonly bytes: number
  /** Mirrors of git repositories, `bytes` counts them too. */
  readonly mirrors: number
  readonly problems: readonly VerifyProblem[]
  readonly ms: number
}
