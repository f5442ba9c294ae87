import type { JobRow } from '../../../../src/api/contract.ts'
import type { PrefetchReport } from '../../../../src/api/contract-prefetch.ts'
import type { GcReport, VerifyReport } from '../../../../src/api/contract-work.ts'
import { ask } from '../../api.ts'
import { bytes, span } from '../../format.ts'
import { PlainTable } from '../../parts/plain-table.tsx'
import { Problem } from '../../parts/problem.tsx'
import { Ago, Mark, Skeleton } from '../../parts/small.tsx'
import { useResource } from '../../resource.ts'
import { w } from '../../words/words.ts'
import { INTERRUPTED, jobs } from './phase.ts'
import { progressText } from './running.tsx'

/** Jobs that ran, the newest first. */
export function History({ turn }: { turn: number }) {
  const words = w().cleanup.history
  const { data, failure, reload } = useResource(String(turn), (signal) =>
    ask('GET /jobs', { limit: 25 }, signal),
  )
  if (failure !== undefined && data === undefined) return <Problem failure={failure} retry={reload} />
  if (data === undefined) return <Skeleton lines={3} />
  if (data.items.length === 0) return <p class="quiet">{words.none}</p>
  return (
    <PlainTable
      class="history"
      caption={words.title}
      heads={[
        { title: words.when },
        { title: words.job },
        { title: words.cause, class: 'wide' },
        { title: words.took, class: 'end wide' },
        { title: words.result },
      ]}
    >
      {data.items.map((job) => (
        <Line key={job.id} job={job} />
      ))}
    </PlainTable>
  )
}

function Line({ job }: { job: JobRow }) {
  const words = w().cleanup.history
  return (
    <tr>
      <td>
        <Ago at={job.startedAt} />
      </td>
      <td>
        {words.jobs[job.job] ?? job.job} {job.subject}
      </td>
      <td class="wide">{words.causes[job.cause] ?? job.cause}</td>
      <td class="end wide">{job.endedAt === undefined ? '' : span(job.endedAt - job.startedAt)}</td>
      <td>
        <Result job={job} />
      </td>
    </tr>
  )
}

function Result({ job }: { job: JobRow }) {
  const words = w().cleanup.history
  const { endedAt, error, report } = job
  if (endedAt === undefined) {
    const { progress } = jobs.value.find(({ id }) => id === job.id) ?? job
    return <Mark tone="info">{progress === undefined ? words.running : progressText(progress)}</Mark>
  }
  if (error === INTERRUPTED) return <Mark tone="warn">{words.stopped}</Mark>
  if (error !== undefined) return <Mark tone="bad">{error}</Mark>
  if (isGc(report)) return <>{words.freed(bytes(report.frees), report.objects)}</>
  if (isVerify(report)) {
    const bad = report.problems.length
    return <Mark tone={bad === 0 ? 'ok' : 'warn'}>{words.checked(report.blobs, bad)}</Mark>
  }
  if (isPrefetch(report)) {
    const { fetched, unchanged, left, failed } = report
    return (
      <Mark tone={left + failed === 0 ? 'ok' : 'warn'}>
        {words.prefetched(fetched, unchanged, left, failed)}
      </Mark>
    )
  }
  return <>{words.ok}</>
}

/** Reports are kept as they were written, by whichever version. */
function isGc(report: unknown): report is Pick<GcReport, 'frees' | 'objects'> {
  const some = record(report)
  return typeof some['frees'] === 'number' && typeof some['objects'] === 'number'
}

function isVerify(report: unknown): report is Pick<VerifyReport, 'blobs' | 'problems'> {
  const some = record(report)
  return typeof some['blobs'] === 'number' && Array.isArray(some['problems'])
}

function isPrefetch(
  report: unknown,
): report is Pick<PrefetchReport, 'fetched' | 'unchanged' | 'left' | 'failed'> {
  const some = record(report)
  return ['fetched', 'unchanged', 'left', 'failed'].every((key) => typeof some[key] === 'number')
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  // Any object can be read by name.
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
