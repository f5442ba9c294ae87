import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { ImageRow, RepositoryRow } from '../../../../src/api/contract.ts'
import { ask } from '../../api.ts'
import type { EvictAsk } from '../../parts/evict-dialog.tsx'
import { Export } from '../../parts/export.tsx'
import { imageHref } from '../../parts/place.ts'
import { Problem, wordsFor } from '../../parts/problem.tsx'
import { copyPull } from '../../parts/pull-line.ts'
import { type Chosen, useSelection } from '../../parts/selection.tsx'
import { pinNames, SelectionBar } from '../../parts/selection-bar.tsx'
import { Empty, Skeleton } from '../../parts/small.tsx'
import { Table } from '../../parts/table.tsx'
import { useList } from '../../parts/table-list.ts'
import { shownColumns, TableMenu } from '../../parts/table-menu.tsx'
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
/** Of a file that takes all of them. */
const EXPORT_PAGE = 1000
const FIELDS = {
  repositories: 'name tags images total onlyHere shared firstCached lastUsed pulls pinned',
  images:
    'name digest tags mediaType state platforms created total onlyHere shared firstCached lastUsed pulls pinned goneAt',
}

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
    isStale: list.isStale,
    scope: `${kind} ${filter}`,
    label: words.selectOne,
    labelAll: words.selectAll,
    // The server would take a condition as one on images, not on the repositories that are shown.
    ...(kind === 'repositories' && filter !== ''
      ? { nameAll: async () => (await list.rest()).map(({ name }) => name) }
      : {}),
  })
  const isUnread = list.failure?.code === 'bad_request' && filter !== ''
  const problem = isUnread && list.failure !== undefined ? wordsFor(list.failure) : undefined
  useEffect(() => {
    onProblem(problem)
    return () => onProblem(undefined)
  }, [problem])

  const columns = columnsOf(kind)
  const exported = (cursor: string | undefined, signal: AbortSignal) =>
    ask(`GET /${kind}`, { ...asked, limit: EXPORT_PAGE, ...(cursor === undefined ? {} : { cursor }) }, signal)
  const onKey = (key: string, row: Row): boolean => {
    if (key === 'c') void copyPull(row.name)
    if (!may('operator')) return key === 'c'
    if (key === 'p') void pinNames([row.name]).then(list.reload)
    if (key === 'e') {
      if (selection.count === 0) selection.toggle(row.name)
      isEvicting.value = true
    }
    return key === 'e' || key === 'p' || key === 'c'
  }
  if (list.failure !== undefined && !isUnread && list.items.length === 0)
    return <Problem failure={list.failure} retry={list.reload} />
  if (list.items.length === 0) return list.isLoading ? <Skeleton lines={8} /> : <Nothing filter={filter} />
  return (
    <>
      <div class="list-head">
        <p class="quiet" aria-live="polite">
          {list.found(words.found[kind])}
        </p>
        <span class="row">
          <Export name={`cachalot-${kind}`} load={exported} fields={FIELDS[kind].split(' ')} />
          <TableMenu table={kind} columns={columns} />
        </span>
      </div>
      {list.failure !== undefined && !isUnread && <Problem failure={list.failure} retry={list.reload} />}
      <Table<Row>
        caption={list.found(words.found[kind])}
        columns={shownColumns(kind, columns)}
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
