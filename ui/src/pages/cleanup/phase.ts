import { signal } from '@preact/signals'
import type { JobRow } from '../../../../src/api/contract.ts'
import type { GcPreview } from '../../../../src/api/contract-gc.ts'
import type { GcGoal, GcReport } from '../../../../src/api/contract-work.ts'
import { type Failure, follow } from '../../api.ts'
import { bytes } from '../../format.ts'
import { announce } from '../../parts/toasts.tsx'
import { asFailure } from '../../resource.ts'
import { w } from '../../words/words.ts'

export interface Previewed {
  readonly at: 'preview'
  /** With all that can go, and as it is without what is excluded. */
  readonly all: GcPreview
  readonly now: GcPreview
  readonly exclude: ReadonlySet<string>
  /** The numbers are not those of what is excluded yet. */
  readonly isCounting: boolean
}

type Phase =
  | { readonly at: 'goal' }
  | { readonly at: 'looking' }
  | Previewed
  | { readonly at: 'running'; readonly step: JobRow['progress'] }
  | { readonly at: 'stopped' }
  | { readonly at: 'done'; readonly report: GcReport }
  | { readonly at: 'failed'; readonly failure: Failure }

/** Jobs that run in the server, whoever started them. */
export const jobs = signal<readonly JobRow[]>([])

/** Outlives the page: whoever comes back sees how far it has come. */
export const phase = signal<Phase>({ at: 'goal' })

export async function preview(goal: GcGoal): Promise<void> {
  phase.value = { at: 'looking' }
  await unlessFailed(async () => {
    for await (const said of follow('POST /gc/preview', goal))
      if (said.type === 'result')
        phase.value = {
          at: 'preview',
          all: said.result,
          now: said.result,
          exclude: new Set(),
          isCounting: false,
        }
  })
}

/** Shared layers make no sums here: the server says what is left of it. */
export async function exclude(shown: Previewed, names: ReadonlySet<string>): Promise<void> {
  const mine: Previewed = { ...shown, exclude: names, isCounting: true }
  phase.value = mine
  const { previewId } = shown.all
  await unlessFailed(async () => {
    // Whoever clicks on waits for the last answer.
    for await (const said of follow('POST /gc/narrow', { previewId, exclude: [...names] }))
      if (said.type === 'result' && phase.peek() === mine)
        phase.value = { ...mine, now: said.result, isCounting: false }
  })
}

/** Goes on in the server, whatever becomes of this page, until somebody stops it. */
export async function run({ all, exclude: names }: Previewed, onDone: () => void): Promise<void> {
  phase.value = { at: 'running', step: undefined }
  const { previewId } = all
  await unlessFailed(async () => {
    for await (const said of follow('POST /gc/run', { previewId, exclude: [...names] })) {
      if (said.type === 'progress') phase.value = { at: 'running', step: said }
      else {
        phase.value = { at: 'done', report: said.result }
        announce(w().cleanup.free.after(bytes(said.result.after)))
      }
    }
  })
  // Listened to is only once a second.
  jobs.value = jobs.peek().filter(({ job }) => job !== 'gc')
  onDone()
}

/** What a job says that somebody stopped. */
export const INTERRUPTED = 'interrupted'

async function unlessFailed(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    const failure = asFailure(error)
    const isStopped = failure.message === INTERRUPTED
    phase.value = isStopped ? { at: 'stopped' } : { at: 'failed', failure }
  }
}
