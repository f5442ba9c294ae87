import { areShortcutsOn } from '../keys.ts'
import { classes, type Selecting, type TableProps } from './table-types.ts'

/** How long after g a letter means a page. */
const PATIENCE_MS = 1500
let goAt = Number.NEGATIVE_INFINITY

/** Whether it is a single letter that is not the second one of "g e". */
function isLetter({ key, timeStamp }: KeyboardEvent): boolean {
  if (key === 'g') goAt = timeStamp
  return areShortcutsOn.value && /^[a-z]$/.test(key) && timeStamp - goAt > PATIENCE_MS
}

interface LineProps<Row> extends TableProps<Row> {
  readonly row: Row
  readonly index: number
  readonly isTabbed: boolean
  readonly onFocus: () => void
}

/** One row, with the keys that speak of it. */
export function Line<Row>(props: LineProps<Row>) {
  const { row, index, columns, keyOf, onOpen, onKey, selecting, isTabbed } = props
  const key = keyOf(row)
  const isSelected = selecting?.has(key) === true
  const onKeyDown = (event: KeyboardEvent): void => {
    const { target } = event
    const isTick = target instanceof HTMLInputElement && target.type === 'checkbox'
    if ((target !== event.currentTarget && !isTick) || event.ctrlKey || event.metaKey || event.altKey) return
    const isPick = event.key === ' ' || (event.key === 'x' && areShortcutsOn.value)
    if (isPick && selecting !== undefined) {
      event.preventDefault()
      if (event.shiftKey) selecting.extend(key)
      else selecting.toggle(key)
    } else if (event.key === 'Enter') onOpen?.(row)
    else if (isLetter(event) && onKey?.(event.key, row) === true) event.preventDefault()
  }
  return (
    <tr
      tabIndex={isTabbed ? 0 : -1}
      aria-rowindex={index + 2}
      {...(selecting === undefined ? {} : { 'aria-selected': isSelected })}
      data-key={key}
      onFocusIn={props.onFocus}
      onKeyDown={onKeyDown}
    >
      {selecting !== undefined && <Tick name={key} isTabbed={isTabbed} selecting={selecting} />}
      {columns.map((column) => (
        <td key={column.id} class={classes(column)}>
          {column.cell(row)}
        </td>
      ))}
    </tr>
  )
}

function Tick({ name, isTabbed, selecting }: { name: string; isTabbed: boolean; selecting: Selecting }) {
  const click = (event: MouseEvent): void => {
    if (event.shiftKey) selecting.extend(name)
    else selecting.toggle(name)
  }
  return (
    <td
      class="tick"
      // A click with shift would mark the text between.
      onMouseDown={(event) => event.shiftKey && event.preventDefault()}
      onClick={(event) => {
        if (event.target === event.currentTarget) click(event)
      }}
    >
      <input
        type="checkbox"
        tabIndex={isTabbed ? 0 : -1}
        checked={selecting.has(name)}
        aria-label={selecting.label(name)}
        onClick={click}
      />
    </td>
  )
}
