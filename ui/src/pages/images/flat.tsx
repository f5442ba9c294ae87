import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { ImageRow, RepositoryRow } from '../../../../src/api/contract.ts'
import { ask } from '../../api.ts'
import type { EvictAsk } from '../../parts/evict-dialog.tsx'
import { imageHref } from '../../parts/place.ts'
import { Problem } from '../../parts/problem.tsx'
import { type Chosen, useSelection } from '../../parts/selection.tsx'
import { pinNames, SelectionBar } from '../../parts/selection-bar.tsx'
import { Empty, Skeleton } from '../../parts/small.tsx'
import { Table } from '../../parts/table.tsx'
import { useList } from '../../parts/table-list.ts'
import { BASE, go, href, query, setQuery } from '../../router.ts'
import { may } from '../../session.ts'
import { w } from '../../words/words.ts'
import { columnsOf } from './columns.tsx'

export type Row = RepositoryRow | ImageRow

interface FlatListProps {
  readonly kind: 'repositories' | 'images'
  readonly filter: string
  /** The server could not read the filter; undefined when it could. */
  readonly onProblem: (problem: string | undefined) => void
}

const PAGE = 200

/** Every repository, or every image, that matches. */
export function FlatList({ kind, filter, onProblem }: FlatListProps) {
  const { images: words } = w()
  const sort = query.value.get('sort') ?? 'name'
  const asked = { sort, limit: PAGE, ...(filter === '' ? {} : { filter }) }
  const list = useList<Row>(`${kind} ${sort} ${filter}`, (cursor, signal) =>
    ask(`GET /${kind}`, { ...asked, ...(cursor === undefined ? {} : { cursor }) }, signal),
  )
  const isEvicting = useSignal(false)
  const selection = useSelection({
    keys: list.items.map(({ name }) => name),
    total: list.total,
    scope: `${kind} ${filter}`,
    label: words.selectOne,
    labelAll: words.selectAll,
    // The server would take a condition as one on images, not on the repositories that are shown.
    ...(kind === 'repositories' && filter !== ''
      ? { nameAll: async () => (await list.rest()).map(({ name }) => name) }
      : {}),
  })
  const isUnread = list.failure?.code === 'bad_request' && filter !== ''
  const problem = isUnread ? list.failure?.message : undefined
  useEffect(() => {
    onProblem(problem)
    return () => onProblem(undefined)
  }, [problem])

  const onKey = (key: string, row: Row): boolean => {
    if (!may('operator')) return false
    if (key === 'p') void pinNames([row.name]).then(list.reload)
    if (key === 'e') {
      if (selection.count === 0) selection.toggle(row.name)
      isEvicting.value = true
    }
    return key === 'e' || key === 'p'
  }
  if (list.failure !== undefined && !isUnread && list.items.length === 0)
    return <Problem failure={list.failure} retry={list.reload} />
  if (list.items.length === 0) return list.isLoading ? <Skeleton lines={8} /> : <Nothing filter={filter} />
  return (
    <>
      <p class="quiet" aria-live="polite">
        {words.found[kind](list.total)}
      </p>
      {list.failure !== undefined && !isUnread && <Problem failure={list.failure} retry={list.reload} />}
      <Table<Row>
        caption={words.found[kind](list.total)}
        columns={columnsOf(kind)}
        rows={list.items}
        keyOf={({ name }) => name}
        total={list.total}
        sort={sort}
        onSort={(next) => setQuery({ sort: next === 'name' ? undefined : next })}
        onEnd={list.more}
        onOpen={({ name }) => go(imageHref(name).slice(BASE.length))}
        onKey={onKey}
        selecting={may('operator') ? selection : undefined}
        isBusy={list.isLoading && list.items.length > 0}
      />
      <SelectionBar
        selection={selection}
        asked={askedOf(selection.chosen, filter)}
        total={list.total}
        isEvicting={isEvicting.value}
        onEvict={(isOpen) => (isEvicting.value = isOpen)}
        onChange={list.reload}
      />
    </>
  )
}

/** All that matches is asked for by what it matches, so that it need not be loaded for that. */
function askedOf({ isAll, keys }: Chosen, filter: string): EvictAsk {
  if (!isAll) return { names: [...keys] }
  return { names: ['**'], ...(filter === '' ? {} : { filter }), exclude: [...keys] }
}

function Nothing({ filter }: { filter: string }) {
  const { images: words } = w()
  return filter === '' ? (
    <Empty title={words.empty}>
      <p>{words.emptyMore}</p>
      <a class="button" href={href('/setup')}>
        {words.toSetup}
      </a>
    </Empty>
  ) : (
    <Empty title={words.noMatch}>
      <button type="button" onClick={() => setQuery({ q: undefined })}>
        {words.clearFilters}
      </button>
    </Empty>
  )
}
