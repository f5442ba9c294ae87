import { signal, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { GcGoal, GcReport, Progress, Stats } from '../../../../src/api/contract.ts'
import type { Failure } from '../../api.ts'
import { follow } from '../../api.ts'
import { bytes, number, span } from '../../format.ts'
import { Icon } from '../../parts/icon.tsx'
import { Problem } from '../../parts/problem.tsx'
import { announce } from '../../parts/toasts.tsx'
import { asFailure } from '../../resource.ts'
import { w } from '../../words/words.ts'
import { FIRST, type GoalForm, goalOf } from './goal.ts'
import { GoalFields } from './goal-fields.tsx'
import { Report } from './report.tsx'

type Step = Extract<Progress<GcReport>, { type: 'progress' }>

type Phase =
  | { readonly at: 'goal' }
  | { readonly at: 'looking' }
  | { readonly at: 'preview'; readonly goal: GcGoal; readonly report: GcReport }
  | { readonly at: 'running'; readonly step: Step | undefined; readonly frees: number }
  | { readonly at: 'done'; readonly report: GcReport }
  | { readonly at: 'failed'; readonly failure: Failure }

/** Outlives the page: whoever comes back sees how far it has come. */
const phase = signal<Phase>({ at: 'goal' })

interface AssistantProps {
  readonly disk: Stats['disk'] | undefined
  readonly onDone: () => void
}

/** From a goal to what would go for it, to freeing it, to what became free. */
export function Assistant({ disk, onDone }: AssistantProps) {
  const words = w().cleanup.free
  const form = useSignal<GoalForm>(FIRST)
  // Another goal needs another preview.
  useEffect(() => {
    const { at } = phase.peek()
    if (at !== 'running' && at !== 'looking') phase.value = { at: 'goal' }
  }, [form.value])
  const goal = goalOf(form.value, disk?.maxSize ?? 0)
  const now = phase.value
  const isBusy = now.at === 'looking' || now.at === 'running'
  return (
    <>
      <p class="quiet">{words.lead}</p>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault()
          if (goal !== undefined && !isBusy) void preview(goal)
        }}
      >
        <GoalFields form={form} hasLimit={(disk?.maxSize ?? 0) > 0} isDisabled={isBusy} />
        <p class="row">
          <button type="submit" disabled={goal === undefined || isBusy}>
            {now.at === 'looking' ? words.previewing : words.preview}
          </button>
          {now.at === 'goal' && <small class="quiet">{words.nothingYet}</small>}
        </p>
      </form>
      {now.at === 'preview' && <Preview report={now.report} onRun={() => void run(now, onDone)} />}
      {now.at === 'running' && <Running step={now.step} />}
      {now.at === 'done' && (
        <p class="banner ok" role="status">
          <Icon name="ok" />
          {words.done(bytes(now.report.frees), now.report.objects, span(now.report.ms))}{' '}
          {words.after(bytes(now.report.after))}
        </p>
      )}
      {now.at === 'failed' && <Problem failure={now.failure} />}
    </>
  )
}

async function preview(goal: GcGoal): Promise<void> {
  phase.value = { at: 'looking' }
  try {
    for await (const said of follow('POST /gc', { ...goal, dryRun: true }))
      if (said.type === 'result') phase.value = { at: 'preview', goal, report: said.result }
  } catch (error) {
    phase.value = { at: 'failed', failure: asFailure(error) }
  }
}

/** Goes on when the page is left; only closing the tab ends it, after the object it is at. */
async function run({ goal, report }: Extract<Phase, { at: 'preview' }>, onDone: () => void): Promise<void> {
  phase.value = { at: 'running', step: undefined, frees: report.frees }
  try {
    for await (const said of follow('POST /gc', { ...goal, dryRun: false })) {
      if (said.type === 'progress') phase.value = { at: 'running', step: said, frees: report.frees }
      else {
        phase.value = { at: 'done', report: said.result }
        announce(w().cleanup.free.after(bytes(said.result.after)))
      }
    }
  } catch (error) {
    phase.value = { at: 'failed', failure: asFailure(error) }
  } finally {
    onDone()
  }
}

function Preview({ report, onRun }: { report: GcReport; onRun: () => void }) {
  const words = w().cleanup.free
  const { rows, frees, reached, kept, after } = report
  return (
    <div class="stack tight" aria-live="polite">
      {rows.length === 0 ? <p>{words.nothing}</p> : <Report report={report} />}
      <p class="quiet">{words.kept(kept.pinned, bytes(kept.pinnedBytes), kept.inUse, kept.young)}</p>
      {!reached && (
        <p class="banner warn">
          <Icon name="warn" />
          {words.unreached}
        </p>
      )}
      {rows.length > 0 && (
        <p class="row">
          <button type="button" class="danger" onClick={onRun}>
            {words.run(bytes(frees))}
          </button>
          <span class="quiet">{words.after(bytes(after))}</span>
        </p>
      )}
    </div>
  )
}

function Running({ step }: { step: Step | undefined }) {
  const words = w().cleanup.free
  const text =
    step === undefined
      ? words.running
      : words.progress(number(step.done), number(step.total), bytes(step.bytes))
  return (
    <div class="stack tight">
      <progress
        aria-label={words.running}
        {...(step === undefined || step.total === 0 ? {} : { value: step.done, max: step.total })}
      />
      <p>{text}</p>
      <small class="quiet">{words.stays}</small>
    </div>
  )
}
