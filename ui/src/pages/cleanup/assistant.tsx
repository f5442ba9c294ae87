import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Stats } from '../../../../src/api/contract.ts'
import { bytes, span } from '../../format.ts'
import { Icon } from '../../parts/icon.tsx'
import { Problem } from '../../parts/problem.tsx'
import { w } from '../../words/words.ts'
import { FIRST, type GoalForm, goalOf } from './goal.ts'
import { GoalFields } from './goal-fields.tsx'
import { jobs, type Previewed, phase, preview, run } from './phase.ts'
import { Report } from './report.tsx'
import { Running } from './running.tsx'

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
  const job = jobs.value.find((one) => one.job === 'gc')
  const isRunning = now.at === 'running' || job !== undefined
  const isBusy = now.at === 'looking' || isRunning
  const upstreams = disk?.upstreams.flatMap((row) => (row.bytes > 0 ? [row.upstream] : [])) ?? []
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
        <GoalFields
          form={form}
          hasLimit={(disk?.maxSize ?? 0) > 0}
          upstreams={upstreams}
          isDisabled={isBusy}
        />
        <p class="row">
          <button type="submit" disabled={goal === undefined || isBusy}>
            {now.at === 'looking' ? words.previewing : words.preview}
          </button>
          {now.at === 'goal' && !isRunning && <small class="quiet">{words.nothingYet}</small>}
        </p>
      </form>
      {now.at === 'preview' && <Preview shown={now} isBusy={isBusy} onRun={() => void run(now, onDone)} />}
      {isRunning && <Running step={now.at === 'running' ? now.step : job?.progress} job={job} />}
      {now.at === 'stopped' && <p role="status">{words.stopped}</p>}
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

interface PreviewProps {
  readonly shown: Previewed
  readonly isBusy: boolean
  readonly onRun: () => void
}

function Preview({ shown, isBusy, onRun }: PreviewProps) {
  const words = w().cleanup.free
  const { all, isCounting } = shown
  const { report } = shown.now
  const { kept, frees, after, reached, objects } = report
  const hasRows = all.report.rows.length > 0
  return (
    <div class="stack tight">
      {hasRows ? <Report shown={shown} /> : <p role="status">{words.nothing}</p>}
      <p class="quiet">
        {words.kept(kept.pinned, bytes(kept.pinnedBytes), kept.inUse, kept.young)}{' '}
        {kept.gone > 0 && words.keptGone(kept.gone)} {kept.later > 0 && words.keptLater(kept.later)}
      </p>
      {!reached && (
        <p class="banner warn">
          <Icon name="warn" />
          {words.unreached}
        </p>
      )}
      {hasRows && (
        <p class="row" aria-live="polite" aria-busy={isCounting}>
          <button
            type="button"
            class="danger"
            disabled={isCounting || isBusy || objects === 0}
            onClick={onRun}
          >
            {isCounting ? words.counting : words.run(bytes(frees))}
          </button>
          {!isCounting && <span class="quiet">{words.after(bytes(after))}</span>}
          <span class="quiet">{words.final}</span>
        </p>
      )}
    </div>
  )
}
