import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'
import type { Page } from '../../../src/api/contract.ts'
import { BASE, go, query, setQuery } from '../router.ts'
import { may } from '../session.ts'
import { w } from '../words/words.ts'
import type { EvictAsk } from './evict-dialog.tsx'
import { Export } from './export.tsx'
import { pinNames } from './pin-names.ts'
import { Problem, wordsFor } from './problem.tsx'
import { type Chosen, useSelection } from './selection.tsx'
import { SelectionBar } from './selection-later.tsx'
import { Empty, Skeleton } from './small.tsx'
import { type Column, Table } from './table.tsx'
import { useList } from './table-list.ts'
import { shownColumns, TableMenu } from './table-menu.tsx'
import { checkNames } from './upstream-check.tsx'

const PAGE = 200
/** Of a file that takes all of them. */
const EXPORT_PAGE = 500

export interface ListAsk {
  readonly sort: string
  readonly filter?: string
  readonly limit: number
  readonly cursor?: string
}

interface TablePageProps<Row> {
  /** What is remembered of its look goes by this. */
  readonly id: string
  /** What is listed besides what the filter says; another one is another list. */
  readonly scope?: string
  /** A file that holds the list is called so. */
  readonly file: string
  /** Fields of that file, in the order of its columns. */
  readonly fields: string
  readonly columns: readonly Column<Row>[]
  readonly keyOf: (row: Row) => string
  /** As the server takes it, where a key is only a part of it. */
  readonly nameOf?: (key: string) => string
  readonly filter: string
  readonly sort: string
  readonly load: (asked: ListAsk, signal: AbortSignal) => Promise<Page<Row>>
  readonly found: (n: number) => string
  readonly hrefOf: (name: string) => string
  readonly onCopy: (name: string) => Promise<void>
  readonly askedOf: (chosen: Chosen) => EvictAsk
  /** No question to the server could say all that matches: it has to be named. */
  readonly isNamed?: boolean
  /** Whether every row is one thing of one upstream, so that this can be asked for it. */
  readonly canCheck?: boolean
  /** Stands there where nothing is cached. */
  readonly empty: ComponentChildren
  /** The server could not read the filter; undefined when it could. */
  readonly onProblem: (problem: string | undefined) => void
  readonly onChange?: () => void
}

/** A list of what is cached, with all that can be done with its rows: see, sort, save, choose, pin, evict. */
export function TablePage<Row extends object>(props: TablePageProps<Row>) {
  const { id, scope = '', columns, keyOf, nameOf = (key) => key, filter, hrefOf, canCheck = false } = props
  const { images: words } = w()
  const sort = query.value.get('sort') ?? props.sort
  const asked = { sort, ...(filter === '' ? {} : { filter }) }
  const load = (limit: number) => (cursor: string | undefined, signal: AbortSignal) =>
    props.load({ ...asked, limit, ...(cursor === undefined ? {} : { cursor }) }, signal)
  const list = useList<Row>(`${id} ${scope} ${sort} ${filter}`, load(PAGE))
  const isEvicting = useSignal(false)
  const selection = useSelection({
    keys: list.items.map(keyOf),
    total: list.total,
    isStale: list.isStale,
    scope: `${id} ${scope} ${filter}`,
    label: words.selectOne,
    labelAll: words.selectAll,
    ...(props.isNamed === true && filter !== ''
      ? { nameAll: async () => (await list.rest()).map(keyOf) }
      : {}),
  })
  const isUnread = list.failure?.code === 'bad_request' && filter !== ''
  const problem = isUnread && list.failure !== undefined ? wordsFor(list.failure) : undefined
  useEffect(() => {
    props.onProblem(problem)
    return () => props.onProblem(undefined)
  }, [problem])

  const onChange = props.onChange ?? list.reload
  const onKey = (letter: string, row: Row): boolean => {
    const key = keyOf(row)
    if (letter === 'c') void props.onCopy(nameOf(key))
    if (!may('operator')) return letter === 'c'
    if (letter === 'p') void pinNames([nameOf(key)]).then(onChange)
    if (letter === 'r' && canCheck) {
      const { isAll, keys } = selection.chosen
      const chosen = selection.count > 0 && !isAll ? [...keys] : [key]
      void checkNames(chosen.map(nameOf)).then(onChange)
    }
    if (letter === 'e') {
      if (selection.count === 0) selection.toggle(key)
      isEvicting.value = true
    }
    return (canCheck ? 'cepr' : 'cep').includes(letter)
  }
  if (list.items.length === 0) {
    if (list.failure !== undefined && !isUnread) return <Problem failure={list.failure} retry={list.reload} />
    if (list.isLoading) return <Skeleton lines={8} />
    return filter === '' ? <>{props.empty}</> : <NoMatch />
  }
  return (
    <>
      <div class="list-head">
        <p class="quiet" aria-live="polite">
          {list.found(props.found)}
        </p>
        <span class="row">
          <Export name={props.file} load={load(EXPORT_PAGE)} fields={props.fields.split(' ')} />
          <TableMenu table={id} columns={columns} />
        </span>
      </div>
      {list.failure !== undefined && !isUnread && <Problem failure={list.failure} retry={list.reload} />}
      <Table<Row>
        caption={list.found(props.found)}
        columns={shownColumns(id, columns)}
        rows={list.items}
        keyOf={keyOf}
        total={list.total}
        sort={sort}
        onSort={(next) => setQuery({ sort: next === props.sort ? undefined : next })}
        onEnd={list.more}
        onOpen={(row) => go(hrefOf(nameOf(keyOf(row))).slice(BASE.length))}
        onKey={onKey}
        selecting={may('operator') ? selection : undefined}
        isBusy={list.isLoading}
      />
      <SelectionBar
        selection={selection}
        asked={props.askedOf(selection.chosen)}
        total={list.total}
        canCheck={canCheck}
        isEvicting={isEvicting.value}
        onEvict={(isOpen) => (isEvicting.value = isOpen)}
        onChange={onChange}
      />
    </>
  )
}

function NoMatch() {
  const { images: words } = w()
  return (
    <Empty title={words.noMatch}>
      <button type="button" onClick={() => setQuery({ q: undefined })}>
        {words.clearFilters}
      </button>
    </Empty>
  )
}
