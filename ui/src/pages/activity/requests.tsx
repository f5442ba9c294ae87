import { useSignal } from '@preact/signals'
import type { RequestRow } from '../../../../src/api/contract-activity.ts'
import { bytes, span } from '../../format.ts'
import { Icon } from '../../parts/icon.tsx'
import { NameLink } from '../../parts/name-link.tsx'
import { Problem } from '../../parts/problem.tsx'
import { Empty, Skeleton } from '../../parts/small.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { query, setQuery } from '../../router.ts'
import { w } from '../../words/words.ts'
import './activity.css'
import { RequestDetails } from './details.tsx'
import { OutcomeMark, StatusMark, Time } from './marks.tsx'
import { RequestFilters } from './request-filters.tsx'
import { useRequests } from './request-list.ts'

/** The latest requests, of one repository or all, with filters that stand in the address. */
export default function RequestsTab({ repository }: { readonly repository?: string }) {
  const words = w().activity.requests
  const filter = Object.fromEntries(
    ['q', 'outcome', 'status'].flatMap((name) => {
      const value = query.value.get(name)
      return value === null ? [] : [[name, value]]
    }),
  )
  const asked = repository === undefined ? filter : { ...filter, repository }
  const isTail = query.value.get('tail') === 'on'
  const { rows, failure, hasMore, missed, more, reload } = useRequests(asked, isTail)
  const opened = useSignal<RequestRow | undefined>(undefined)
  return (
    <div class="stack">
      <RequestFilters filter={asked} isTail={isTail} />
      {failure !== undefined && <Problem failure={failure} retry={reload} />}
      {rows === undefined && failure === undefined && <Skeleton lines={8} />}
      {rows?.length === 0 && <Nothing isFiltered={Object.keys(filter).length > 0} />}
      {rows !== undefined && rows.length > 0 && (
        <Table
          caption={words.caption}
          columns={columnsOf(
            (row) => (opened.value = row),
            rows.some(({ client }) => client !== undefined),
          )}
          rows={rows}
          keyOf={({ id, at }) => `${at} ${id}`}
          total={rows.length + (hasMore ? 1 : 0)}
          onEnd={more}
          onOpen={(row) => (opened.value = row)}
        />
      )}
      {missed > 0 && <p class="quiet fine-print">{words.missed(missed)}</p>}
      {opened.value !== undefined && (
        <RequestDetails row={opened.value} onClose={() => (opened.value = undefined)} />
      )}
    </div>
  )
}

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  const words = w().activity.requests
  if (!isFiltered)
    return (
      <Empty title={words.empty}>
        <p>{words.emptyMore}</p>
      </Empty>
    )
  return (
    <Empty title={words.noMatch}>
      <button type="button" onClick={() => setQuery({ q: undefined, outcome: undefined, status: undefined })}>
        {words.clear}
      </button>
    </Empty>
  )
}

function NameCell({ row: { name, status } }: { row: RequestRow }) {
  return (
    <div class="name-cell">
      <NameLink text={name} isKnown={status < 400} />
    </div>
  )
}

/** Clients are told to operators, and to users of what they did themselves. */
function columnsOf(open: (row: RequestRow) => void, withClients: boolean): readonly Column<RequestRow>[] {
  const { activity, common } = w()
  const { terms } = common
  const words = activity.requests
  return [
    { id: 'at', title: terms.time, cell: ({ at }) => <Time at={at} /> },
    { id: 'status', title: terms.status, cell: ({ status }) => <StatusMark status={status} /> },
    { id: 'name', title: words.name, cell: (row) => <NameCell row={row} /> },
    ...(withClients
      ? [
          {
            id: 'client',
            title: terms.client,
            wide: true,
            cell: ({ client }: RequestRow) => <code>{client}</code>,
          },
        ]
      : []),
    { id: 'method', title: words.method, wide: true, cell: ({ method }) => <code>{method}</code> },
    {
      id: 'outcome',
      title: words.came,
      wide: true,
      cell: ({ outcome }) => <OutcomeMark outcome={outcome} />,
    },
    { id: 'bytes', title: words.bytes, align: 'end', wide: true, cell: (row) => bytes(row.bytes) },
    { id: 'ms', title: terms.duration, align: 'end', wide: true, cell: ({ ms }) => span(ms) },
    {
      id: 'more',
      title: words.details,
      align: 'end',
      cell: (row) => (
        <button type="button" class="ghost" aria-label={words.detailsOf(row.name)} onClick={() => open(row)}>
          <Icon name="chevron" />
        </button>
      ),
    },
  ]
}
