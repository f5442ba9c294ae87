import type { ClientRow } from '../../../../src/api/contract-activity.ts'
import { ask } from '../../api.ts'
import { number } from '../../format.ts'
import { NameLink } from '../../parts/name-link.tsx'
import { Problem } from '../../parts/problem.tsx'
import { Empty, Skeleton } from '../../parts/small.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { useResource } from '../../resource.ts'
import { href, query, setQuery } from '../../router.ts'
import { w } from '../../words/words.ts'
import { StatusMark, Time } from './marks.tsx'

/** The machines that were seen lately, and what they asked for last. */
export function ClientsTab() {
  const { clients: words } = w().activity
  const { data, failure, reload } = useResource('clients', (signal) => ask('GET /clients', {}, signal))
  const sort = query.value.get('sort') ?? '-lastSeen'
  return (
    <div class="stack">
      {failure !== undefined && <Problem failure={failure} retry={reload} />}
      {data === undefined && failure === undefined && <Skeleton lines={8} />}
      {data?.items.length === 0 && (
        <Empty title={words.empty}>
          <p>{words.emptyMore}</p>
          <a href={href('/setup')}>{words.toSetup}</a>
        </Empty>
      )}
      {data !== undefined && data.items.length > 0 && (
        <>
          <p>
            <button type="button" onClick={reload}>
              {w().common.refresh}
            </button>
          </p>
          <Table
            caption={words.caption}
            columns={columns()}
            rows={sorted(data.items, sort)}
            keyOf={({ client, userAgent }) => `${client} ${userAgent}`}
            sort={sort}
            onSort={(next) => setQuery({ sort: next === '-lastSeen' ? undefined : next })}
          />
        </>
      )}
    </div>
  )
}

const ORDERS: Readonly<Record<string, (a: ClientRow, b: ClientRow) => number>> = {
  client: (a, b) => a.client.localeCompare(b.client, 'en', { numeric: true }),
  kind: (a, b) => a.kind.localeCompare(b.kind),
  firstSeen: (a, b) => a.firstSeen - b.firstSeen,
  lastSeen: (a, b) => a.lastSeen - b.lastSeen,
  requests: (a, b) => a.requests - b.requests,
}

function sorted(rows: readonly ClientRow[], sort: string): readonly ClientRow[] {
  const order = ORDERS[sort.replace(/^-/, '')] ?? ORDERS['lastSeen']
  const sign = sort.startsWith('-') ? -1 : 1
  return [...rows].sort((a, b) => sign * (order?.(a, b) ?? 0))
}

function columns(): readonly Column<ClientRow>[] {
  const { activity, common } = w()
  const { terms } = common
  const words = activity.clients
  return [
    { id: 'client', title: terms.client, sortable: true, cell: ({ client }) => <code>{client}</code> },
    {
      id: 'kind',
      title: words.kind,
      sortable: true,
      cell: ({ kind }) => kind,
    },
    {
      id: 'agent',
      title: activity.requests.agent,
      wide: true,
      cell: (row) => <span title={row.userAgent}>{row.agent}</span>,
    },
    {
      id: 'requests',
      title: words.requests,
      align: 'end',
      sortable: true,
      cell: ({ requests }) => number(requests),
    },
    {
      id: 'firstSeen',
      title: words.first,
      sortable: true,
      wide: true,
      cell: (row) => <Time at={row.firstSeen} />,
    },
    { id: 'lastSeen', title: words.last, sortable: true, cell: (row) => <Time at={row.lastSeen} /> },
    {
      id: 'lastName',
      title: words.lastName,
      wide: true,
      cell: (row) => <NameLink text={row.lastName} isKnown={row.lastStatus < 400} />,
    },
    {
      id: 'lastStatus',
      title: terms.status,
      wide: true,
      cell: ({ lastStatus }) => <StatusMark status={lastStatus} />,
    },
  ]
}
