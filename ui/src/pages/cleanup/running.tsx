import type { JobProgress, JobRow } from '../../../../src/api/contract.ts'
import { ask } from '../../api.ts'
import { bytes, number } from '../../format.ts'
import { wordsFor } from '../../parts/problem.tsx'
import { toast } from '../../parts/toasts.tsx'
import { asFailure } from '../../resource.ts'
import { w } from '../../words/words.ts'

interface RunningProps {
  readonly step: JobProgress | undefined
  /** Undefined until the server has told of it. */
  readonly job: JobRow | undefined
}

/** How far a clean-up is, and an end to it. */
export function Running({ step, job }: RunningProps) {
  const words = w().cleanup.free
  return (
    <div class="stack tight">
      <progress
        aria-label={words.running}
        {...(step === undefined || step.total === 0 ? {} : { value: step.done, max: step.total })}
      />
      <p class="spread">
        <span>{step === undefined ? words.running : progressText(step)}</span>
        {job !== undefined && <Stop job={job} />}
      </p>
      <small class="quiet">{words.stays}</small>
    </div>
  )
}

export function progressText({ done, total, bytes: size }: JobProgress): string {
  return w().cleanup.free.progress(number(done), number(total), bytes(size))
}

function Stop({ job: { id } }: { readonly job: JobRow }) {
  const stop = (): void => {
    ask('POST /jobs/stop', { id }).catch((error: unknown) =>
      toast(wordsFor(asFailure(error)), { tone: 'bad' }),
    )
  }
  return (
    <button type="button" onClick={stop}>
      {w().cleanup.free.stop}
    </button>
  )
}
