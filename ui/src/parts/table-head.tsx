import { Icon } from './icon.tsx'
import { type Column, classes, type Selecting } from './table-types.ts'

/** Chooses all that is there, or nothing. */
export function TickAll({ selecting }: { selecting: Selecting }) {
  const { state, labelAll } = selecting
  return (
    <th scope="col" class="tick">
      <input
        type="checkbox"
        aria-label={labelAll}
        title={labelAll}
        checked={state === 'all'}
        indeterminate={state === 'some'}
        onClick={() => (state === 'all' ? selecting.clear() : selecting.all())}
      />
    </th>
  )
}

interface HeadProps<Row> {
  readonly column: Column<Row>
  readonly sort: string | undefined
  readonly onSort: ((sort: string) => void) | undefined
}

/** A heading; where the list can be sorted by it, a button that does so. */
export function Head<Row>({ column, sort, onSort }: HeadProps<Row>) {
  const { id, title, sortable, hint, isQuiet } = column
  const isDown = sort === `-${id}`
  const isUp = sort === id
  if (sortable !== true || onSort === undefined)
    return (
      <th scope="col" class={classes(column)} title={hint}>
        {isQuiet === true ? <span class="unseen">{title}</span> : title}
      </th>
    )
  return (
    <th
      scope="col"
      class={classes(column)}
      aria-sort={isDown ? 'descending' : isUp ? 'ascending' : 'none'}
      title={hint}
    >
      <button type="button" class="sort" onClick={() => onSort(isDown ? id : `-${id}`)}>
        {title}
        <Icon name={isDown || isUp ? 'chevron' : 'sort'} size={12} />
      </button>
    </th>
  )
}
