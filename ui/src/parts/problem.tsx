import type { Failure } from '../api.ts'
import { w } from '../words/words.ts'
import { Copy } from './small.tsx'

/** What failed, on whose side, and what to do next. */
export function Problem({ failure, retry }: { failure: Failure; retry?: () => void }) {
  const { problem } = w().common
  const details = [failure.code, failure.message, failure.requestId].filter(Boolean).join(' · ')
  return (
    <div class="problem" role="alert">
      <p>
        <strong>{problem.title}</strong> {wordsFor(failure)}
      </p>
      {failure.hint !== '' && <p class="quiet">{failure.hint}</p>}
      <p class="row">
        {retry !== undefined && (
          <button type="button" onClick={retry}>
            {w().common.retry}
          </button>
        )}
        {failure.requestId !== undefined && <small>{problem.requestId(failure.requestId)}</small>}
        <Copy text={details} what={problem.title} />
      </p>
    </div>
  )
}

/** A sentence for the reader; the server's own words where they say more. */
export function wordsFor({ status, code, message }: Failure): string {
  const { problem } = w().common
  if (code === 'offline') return problem.offline
  if (status === 403) return `${problem.denied} ${message}`
  if (status >= 500) return problem.server
  return message === '' ? problem.notFound : message
}
