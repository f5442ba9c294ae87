import type { FileHostRow } from '../../../../src/api/contract-activity.ts'
import { ago, moment, span } from '../../format.ts'
import { upstreamErrorText } from '../../parts/said.ts'
import { Mark } from '../../parts/small.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { href } from '../../router.ts'
import { w } from '../../words/words.ts'
import { toneOfHealth } from './health.ts'
import { PullLimit } from './pull-limit.tsx'

/** Where files, modules, models and repositories of git come from. */
export function FileHosts({ rows }: { rows: readonly FileHostRow[] }) {
  const words = w().upstreams
  return (
    <section class="stack tight">
      <h2>{words.hosts}</h2>
      <Table
        caption={words.hosts}
        columns={columnsOf()}
        rows={rows.toSorted((a, b) => Number(a.health === 'unknown') - Number(b.health === 'unknown'))}
        keyOf={({ frontEnd, name }) => `${frontEnd} ${name}`}
      />
    </section>
  )
}

function columnsOf(): readonly Column<FileHostRow>[] {
  const { upstreams: words, files, common } = w()
  return [
    {
      id: 'name',
      title: common.terms.name,
      cell: ({ name, url }) => (
        <span class="name" title={url}>
          {name.replace(/^git:/, '')}
        </span>
      ),
    },
    {
      id: 'kind',
      title: files.kind,
      wide: 'some',
      cell: ({ frontEnd }) => <a href={href(`/files?kind=${frontEnd}`)}>{files.kinds[frontEnd]}</a>,
    },
    {
      id: 'health',
      title: common.terms.state,
      cell: ({ health }) => <Mark tone={toneOfHealth[health]}>{words.health[health]}</Mark>,
    },
    {
      id: 'latency',
      title: words.latency,
      align: 'end',
      wide: true,
      cell: ({ p50, p95 }) =>
        p50 === undefined || p95 === undefined ? (
          '–'
        ) : (
          <span title={words.latencies(span(p50), span(p95))}>{span(p50)}</span>
        ),
    },
    {
      id: 'limit',
      title: words.quota,
      wide: true,
      cell: ({ limit }) => (limit === undefined ? '–' : <PullLimit limit={limit} />),
    },
    {
      id: 'error',
      title: words.lastError,
      wide: true,
      cell: ({ lastError }) =>
        lastError === undefined ? (
          <span class="quiet">{words.noError}</span>
        ) : (
          <span class="clamp" title={moment(lastError.at)}>
            {words.errorAt(ago(lastError.at), upstreamErrorText(lastError))}
          </span>
        ),
    },
  ]
}
