import type { RequestRow } from '../../../../src/api/contract-activity.ts'
import { Ago, Mark, type Tone } from '../../parts/small.tsx'
import { w } from '../../words/words.ts'

/** A status of HTTP; a client that hung up counts as answered. */
export function StatusMark({ status }: { status: number }) {
  const tone: Tone = status >= 500 ? 'bad' : status >= 400 ? 'warn' : status === 0 ? 'plain' : 'ok'
  return <Mark tone={tone}>{status === 0 ? '–' : status}</Mark>
}

export function OutcomeMark({ outcome }: { outcome: RequestRow['outcome'] }) {
  return outcome === undefined ? <>–</> : <span class="one-line">{w().common.outcome[outcome]}</span>
}

/** In one line, so that rows keep their height. */
export function Time({ at }: { at: number }) {
  return (
    <span class="one-line">
      <Ago at={at} />
    </span>
  )
}
