import type { UpstreamConfig } from '../../config/config.ts'
import type { Clock } from '../../domain/clock.ts'
import { probeUpstream, type UpstreamFindings } from '../../probe/upstream.ts'
import type { Check } from './check.ts'

export interface UpstreamChecks extends Pick<UpstreamFindings, 'clocks'> {
  readonly checks: readonly Check[]
}

/** What looking at one upstream finds, as a part of everything that is looked at. */
export async function checkUpstream(upstream: UpstreamConfig, clock: Clock): Promise<UpstreamChecks> {
  const { findings, clocks } = await probeUpstream(upstream, clock)
  const { name: subject } = upstream
  // Other languages are the console's.
  const checks = findings.map(({ says: _says, ...finding }) => ({
    area: 'upstream' as const,
    subject,
    ...finding,
  }))
  return { checks, clocks }
}
