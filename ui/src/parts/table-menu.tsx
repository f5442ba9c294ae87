import type { ComponentChildren } from 'preact'
import { useRef } from 'preact/hooks'
import { w } from '../words/words.ts'
import { Icon } from './icon.tsx'
import { isHidden, look, setHidden } from './table-look.ts'
import './table-menu.css'
import type { Column } from './table-types.ts'

/** The columns of a table that are wanted. The first one names its rows and stays. */
export function shownColumns<Row>(table: string, columns: readonly Column<Row>[]): readonly Column<Row>[] {
  return columns.filter(({ id }, i) => i === 0 || !isHidden(table, id))
}

/** How a table looks: how close its rows stand, and which columns it has. Remembered in this browser. */
export function TableMenu<Row>({ table, columns }: { table: string; columns: readonly Column<Row>[] }) {
  const words = w().images.look
  return (
    <Menu label={words.title}>
      <fieldset>
        <legend>{words.density}</legend>
        {([false, true] as const).map((isCompact) => (
          <label key={String(isCompact)}>
            <input
              type="radio"
              name="density"
              checked={look.value.isCompact === isCompact}
              onChange={() => (look.value = { ...look.value, isCompact })}
            />
            {isCompact ? words.compact : words.comfortable}
          </label>
        ))}
      </fieldset>
      <fieldset>
        <legend>{words.columns}</legend>
        {columns.slice(1).map(({ id, title }) => (
          <label key={id}>
            <input
              type="checkbox"
              checked={!isHidden(table, id)}
              onChange={(event) => setHidden(table, id, !event.currentTarget.checked)}
            />
            {title}
          </label>
        ))}
      </fieldset>
    </Menu>
  )
}

/** What opens below a button, until the focus goes elsewhere. */
function Menu({ label, children }: { label: string; children: ComponentChildren }) {
  const own = useRef<HTMLDetailsElement>(null)
  const close = (): void => {
    if (own.current !== null) own.current.open = false
  }
  return (
    <details
      ref={own}
      class="menu"
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || own.current?.open !== true) return
        close()
        own.current.querySelector('summary')?.focus()
      }}
      onFocusOut={({ relatedTarget }) => {
        if (!(relatedTarget instanceof Node) || own.current?.contains(relatedTarget) !== true) close()
      }}
    >
      <summary class="button">
        <Icon name="settings" /> {label}
      </summary>
      {/* It takes the focus of clicks between its fields, which would else close it. */}
      <div tabIndex={-1}>{children}</div>
    </details>
  )
}
