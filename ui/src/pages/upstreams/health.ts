import type { UpstreamRow } from '../../../../src/api/contract-activity.ts'
import type { Tone } from '../../parts/small.tsx'

export const toneOfHealth: Readonly<Record<UpstreamRow['health'], Tone>> = {
  ok: 'ok',
  slow: 'warn',
  down: 'bad',
  unknown: 'plain',
}

/** How near the end of its pulls an upstream is. */
export function limitTone({ remaining, limit }: NonNullable<UpstreamRow['limit']>): Tone {
  const share = remaining / Math.max(1, limit)
  return share <= 0.05 ? 'bad' : share <= 0.2 ? 'warn' : 'plain'
}
