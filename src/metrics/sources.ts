/** What metrics are read from, at the moment that somebody asks. Sizes in bytes, times in milliseconds. */
export interface MetricsSources {
  /** Since this process began. An outcome, or "fetched" for what upstreams sent. */
  traffic(): readonly TrafficSum[]
  /** Of the last hour, 0 to 1; undefined while nothing was asked for. */
  hitRatio(): { readonly requests: number | undefined; readonly bytes: number | undefined }
  upstreams(): readonly UpstreamState[]
  /** Downloads that run, and requests that read from them. */
  flights(): { readonly running: number; readonly readers: number }
  store(): Promise<StoreState>
  /** What left the disk since this process began, by the reason. */
  departures(): readonly Departure[]
  /** The latest run of each job, and what runs now. */
  jobs(): readonly JobState[]
  /** Runs that ended since this process began. */
  jobRuns(): readonly { readonly job: string; readonly outcome: 'ok' | 'failed'; readonly runs: number }[]
}

export interface TrafficSum {
  readonly frontEnd: string
  readonly upstream: string
  readonly outcome: string
  readonly requests: number
  readonly bytes: number
}

export interface UpstreamState {
  readonly upstream: string
  /** closed: it is asked; due: it is tried again with the next request; open: it rests. */
  readonly breaker: 'closed' | 'due' | 'open'
  readonly limit: { readonly remaining: number; readonly limit: number } | undefined
}

export interface StoreState {
  readonly used: number
  readonly reserved: number
  /** 0: none. */
  readonly maxSize: number
  readonly volumeFree: number
  readonly parts: number
  readonly index: number
  readonly blobs: number
  readonly pinned: number
  readonly upstreams: readonly {
    readonly upstream: string
    readonly bytes: number
    readonly budget: number
  }[]
}

export interface Departure {
  readonly reason: string
  readonly objects: number
  readonly bytes: number
}

export interface JobState {
  readonly job: string
  readonly running: boolean
  readonly startedAt: number
  /** Undefined while it runs. */
  readonly endedAt: number | undefined
  readonly failed: boolean
}
