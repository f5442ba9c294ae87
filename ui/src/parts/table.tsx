import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { areShortcutsOn } from '../keys.ts'
import './table.css'
import { Head, TickAll } from './table-head.tsx'
import { Line } from './table-row.tsx'
import type { Selecting, TableProps } from './table-types.ts'
import { useShown } from './table-window.ts'

export type { Column, Selecting } from './table-types.ts'

/** So many rows before the end of what is loaded, more is asked for. */
const AHEAD = 60

/**
 * A table of any length: only the rows in sight are in the page. Arrows and j, k go from row to row, x or space
 * chooses, with shift a range; Ctrl+A chooses all.
 */
export function Table<Row>(props: TableProps<Row>) {
  const { caption, columns, rows, keyOf, total, selecting } = props
  const body = useRef<HTMLTableSectionElement>(null)
  const { from, to, height, hold } = useShown(body, rows.length)
  const at = useSignal(0)
  const isMoving = useRef(false)

  useEffect(() => {
    if (to >= rows.length - AHEAD && rows.length < (total ?? rows.length)) props.onEnd?.()
  }, [to, rows.length, total])
  useEffect(() => {
    if (!isMoving.current) return
    isMoving.current = false
    body.current?.querySelector<HTMLElement>(`tr[aria-rowindex="${at.value + 2}"]`)?.focus()
  })

  const move = (index: number, isRange: boolean): void => {
    const next = Math.max(0, Math.min(rows.length - 1, index))
    const [row, before] = [rows[next], rows[at.peek()]]
    if (row === undefined) return
    if (isRange) selecting?.extend(keyOf(row), before && keyOf(before))
    isMoving.current = true
    at.value = next
    hold(next)
    // The focus may have been elsewhere on the row it is to go to.
    body.current?.querySelector<HTMLElement>(`tr[aria-rowindex="${next + 2}"]`)?.focus()
  }
  const span = columns.length + (selecting === undefined ? 0 : 1)
  const tabbed = at.value >= from && at.value < to ? at.value : from
  return (
    <div class="table-frame">
      <table
        aria-rowcount={(total ?? rows.length) + 1}
        aria-busy={props.isBusy === true}
        onKeyDown={(event) => onTableKey(event, { count: rows.length, move, selecting })}
      >
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {selecting !== undefined && <TickAll selecting={selecting} />}
            {columns.map((column) => (
              <Head key={column.id} column={column} sort={props.sort} onSort={props.onSort} />
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {from > 0 && <Gap height={from * height} span={span} />}
          {rows.slice(from, to).map((row, i) => (
            <Line
              {...props}
              key={keyOf(row)}
              row={row}
              index={from + i}
              isTabbed={tabbed === from + i}
              onFocus={() => (at.value = from + i)}
            />
          ))}
          {to < rows.length && <Gap height={(rows.length - to) * height} span={span} />}
        </tbody>
      </table>
    </div>
  )
}

interface Moving {
  readonly count: number
  move(index: number, isRange: boolean): void
  readonly selecting: Selecting | undefined
}

function onTableKey(event: KeyboardEvent, { count, move, selecting }: Moving): void {
  const row = event.target instanceof Element ? event.target.closest<HTMLElement>('tr[data-key]') : null
  if (row === null || event.altKey) return
  const isCommand = event.ctrlKey || event.metaKey
  if (isCommand && event.key.toLowerCase() === 'a' && selecting !== undefined) {
    event.preventDefault()
    selecting.all()
  }
  if (isCommand) return
  if (event.key === 'Escape' && selecting !== undefined && selecting.state !== 'none') selecting.clear()
  const at = Number(row.getAttribute('aria-rowindex')) - 2
  const page = Math.max(1, Math.floor(window.innerHeight / row.offsetHeight) - 3)
  const to = new Map([
    ['ArrowDown', at + 1],
    ['ArrowUp', at - 1],
    ...(areShortcutsOn.value
      ? ([
          ['j', at + 1],
          ['k', at - 1],
        ] as const)
      : []),
    ['PageDown', at + page],
    ['PageUp', at - page],
    ['Home', 0],
    ['End', count - 1],
  ]).get(event.key)
  if (to === undefined) return
  event.preventDefault()
  move(to, event.shiftKey)
}

/** Stands for the rows out of sight. */
function Gap({ height, span }: { height: number; span: number }) {
  return (
    <tr aria-hidden="true" class="gap">
      <td colSpan={span} style={{ height: `${height}px` }} />
    </tr>
  )
}
