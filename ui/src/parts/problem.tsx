import type { Failure } from '../api.ts'
import { w } from '../words/words.ts'
import { errorHint, errorText } from './said.ts'
import { Copy } from './small.tsx'

/** What failed, on whose side, and what to do next. */
export function Problem({ failure, retry }: { failure: Failure; retry?: () => void }) {
  const { problem } = w().common
  const hint = hintFor(failure)
  const details = [failure.code, failure.message, failure.requestId].filter(Boolean).join(' · ')
  return (
    <div class="problem" role="alert">
      <p>
        <strong>{problem.title}</strong> {wordsFor(failure)}
      </p>
      {hint !== '' && <p class="quiet">{hint}</p>}
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

/** A sentence for the reader, in their language as far as the server says which one it is. */
export function wordsFor(failure: Failure): string {
  const { problem } = w().common
  if (failure.code === 'offline') return problem.offline
  // What answered may have been something else, in front of the server.
  if (failure.code === 'unknown' && failure.status >= 500) return problem.server
  return failure.message === '' ? problem.notFound : errorText(failure)
}

/** What to do next; empty where there is nothing to say. */
export function hintFor(failure: Failure): string {
  return failure.hint === '' ? '' : errorHint(failure)
}
