import type { UpstreamRow } from '../../../../src/api/contract-activity.ts'
import { ago, number } from '../../format.ts'
import { Meter } from '../../parts/small.tsx'
import { w } from '../../words/words.ts'
import { limitTone } from './health.ts'

const HOUR = 3600

/** Pulls that are left, as the upstream said last. It names a window but no moment, so there is no countdown. */
export function PullLimit({ limit }: { limit: UpstreamRow['limit'] }) {
  const words = w().upstreams
  if (limit === undefined) return <span class="quiet">{words.noLimit}</span>
  const left = leftOf(limit)
  return (
    <>
      <Meter value={limit.remaining} max={limit.limit} tone={limitTone(limit)} label={left} />
      {left} <small class="quiet">· {words.seen(ago(limit.seenAt))}</small>
    </>
  )
}

function leftOf({ remaining, limit, window }: NonNullable<UpstreamRow['limit']>): string {
  const words = w().upstreams
  const [left, all] = [number(remaining), number(limit)]
  if (window === 0) return words.limitLeft(left, all)
  const span =
    window % HOUR === 0 ? words.hours(window / HOUR) : words.minutes(Math.max(1, Math.round(window / 60)))
  return words.limitLeftIn({ remaining: left, limit: all, window: span })
}
