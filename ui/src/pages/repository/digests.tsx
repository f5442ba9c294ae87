import { useSignal } from '@preact/signals'
import type { Api } from '../../../../src/api/routes.ts'
import { ask } from '../../api.ts'
import { ago, moment, number, shortDigest } from '../../format.ts'
import { imageHref } from '../../parts/place.ts'
import { Problem } from '../../parts/problem.tsx'
import { useSelection } from '../../parts/selection.tsx'
import { SelectionBar } from '../../parts/selection-later.tsx'
import { Ago, Bytes, Copy, Empty, Skeleton } from '../../parts/small.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { useList } from '../../parts/table-list.ts'
import { BASE, go } from '../../router.ts'
import { may } from '../../session.ts'
import { w } from '../../words/words.ts'
import { Pinned, State } from '../images/columns.tsx'
import type { PartProps } from './tags.tsx'

type Row = Api['GET /digests']['out']['items'][number]

const PAGE = 200

/** Images of a repository that no tag points to, with the reason each is here. */
export function DigestList({ repository, turn, onChange }: PartProps) {
  const { images: words } = w()
  const list = useList<Row>(`${repository} ${turn}`, (cursor, signal) =>
    ask(
      'GET /digests',
      { name: repository, limit: PAGE, ...(cursor === undefined ? {} : { cursor }) },
      signal,
    ),
  )
  const isEvicting = useSignal(false)
  const nameOf = ({ digest }: Row): string => `${repository}@${digest}`
  const selection = useSelection({
    keys: list.items.map(nameOf),
    total: list.items.length,
    isStale: list.isStale,
    scope: `${repository} ${turn}`,
    label: words.selectOne,
    labelAll: words.selectAll,
  })
  if (list.failure !== undefined) return <Problem failure={list.failure} retry={list.reload} />
  if (list.items.length === 0)
    return list.isLoading ? <Skeleton lines={4} /> : <Empty title={words.repository.noDigests} />
  return (
    <div class="stack">
      <p class="quiet">{words.repository.digestsLead}</p>
      <Table
        caption={words.repository.tabs.digests}
        columns={columnsOf(nameOf)}
        rows={list.items}
        keyOf={nameOf}
        total={list.total}
        onEnd={list.more}
        onOpen={(row) => go(imageHref(nameOf(row)).slice(BASE.length))}
        selecting={may('operator') ? selection : undefined}
        isBusy={list.isLoading}
      />
      <SelectionBar
        selection={selection}
        asked={{ names: [...selection.chosen.keys] }}
        total={list.items.length}
        isEvicting={isEvicting.value}
        onEvict={(isOpen) => (isEvicting.value = isOpen)}
        onChange={onChange}
      />
    </div>
  )
}

function columnsOf(nameOf: (row: Row) => string): readonly Column<Row>[] {
  const { images: words, common } = w()
  const { terms } = common
  return [
    {
      id: 'digest',
      title: terms.digest,
      cell: (row) => (
        <span class="digest">
          <a href={imageHref(nameOf(row))} title={row.digest}>
            <code>{shortDigest(row.digest)}</code>
          </a>
          <Copy text={row.digest} what={terms.digest} />
          {row.pinned && <Pinned />}
        </span>
      ),
    },
    { id: 'why', title: words.columns.why, cell: (row) => <Why row={row} /> },
    {
      id: 'state',
      title: terms.state,
      wide: true,
      cell: ({ state }) => <State state={state} />,
    },
    {
      id: 'total',
      title: terms.size,
      align: 'end',
      wide: true,
      hint: words.hints.total,
      cell: ({ total }) => <Bytes n={total} />,
    },
    {
      id: 'onlyHere',
      title: terms.onlyHere,
      align: 'end',
      hint: words.hints.onlyHere,
      cell: ({ onlyHere }) => <Bytes n={onlyHere} />,
    },
    {
      id: 'lastUsed',
      title: terms.lastUsed,
      align: 'end',
      wide: true,
      cell: ({ lastUsed }) => <Ago at={lastUsed} />,
    },
    { id: 'pulls', title: terms.pulls, align: 'end', wide: true, cell: ({ pulls }) => number(pulls) },
  ]
}

/** The parents say it best, then what became of the tag. */
function Why({ row }: { row: Row }) {
  const { repository: words } = w().images
  const { parents, replacedAt } = row
  if (parents.length > 0) return <span title={parents.join('\n')}>{words.partOf(parents.length)}</span>
  if (replacedAt !== undefined)
    return <span title={moment(replacedAt)}>{words.replaced(ago(replacedAt))}</span>
  return <>{words.byDigest}</>
}
