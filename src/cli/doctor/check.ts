import type { Finding } from '../../probe/finding.ts'

/** One thing that was looked at. */
export interface Check extends Finding {
  /** Whether it concerns this machine or one upstream; the exit code tells them apart. */
  readonly area: 'here' | 'upstream'
  /** "this machine", or the name of an upstream. */
  readonly subject: string
}

export const here = (finding: Finding): Check => ({ area: 'here', subject: 'this machine', ...finding })
