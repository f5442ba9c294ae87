/** How far long work has come. */
export interface Step {
  /** What it is at, for people. */
  readonly subject: string
  readonly done: number
  readonly total: number
  readonly bytes: number
  readonly bytesTotal: number
}

/** Somebody who follows long work and may end it: after the object it is at, everything stays consistent. */
export interface Watch {
  readonly signal: AbortSignal
  progress(step: Step): void
}

/** For work nobody looks at. */
export function unwatched(signal: AbortSignal): Watch {
  return { signal, progress: () => undefined }
}
