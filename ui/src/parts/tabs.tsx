import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'
import { query, setQuery } from '../router.ts'
import { may, type Role } from '../session.ts'
import { TakesRole } from './takes-role.tsx'

export interface Tab {
  readonly id: string
  readonly title: string
  /** Shown to others only if they ask for it, and then it only says so. */
  readonly role?: Role
  readonly content: () => ComponentChildren
}

interface TabsProps {
  readonly label: string
  readonly tabs: readonly Tab[]
  readonly name?: string
  /** Fields of the address that mean something in one of them only. */
  readonly clears?: readonly string[]
}

/** Pages within a page; which one stands in the address. Arrows go from one to the next. */
export function Tabs({ label, tabs: all, name = 'tab', clears = [] }: TabsProps) {
  const id = useId()
  const asked = all.find((tab) => tab.id === query.value.get(name))
  const tabs = all.filter((tab) => tab === asked || isOpen(tab))
  const shown = asked ?? tabs[0]
  const choose = (tab: Tab | undefined): void => {
    if (tab === undefined) return
    const cleared = Object.fromEntries(clears.map((field) => [field, undefined]))
    setQuery({ ...cleared, [name]: tab === tabs[0] ? undefined : tab.id })
    document.getElementById(`${id}-${tab.id}`)?.focus()
  }
  return (
    <div class="stack">
      <div class="tabs" role="tablist" aria-label={label}>
        {tabs.map((tab, i) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            id={`${id}-${tab.id}`}
            aria-selected={tab === shown}
            aria-controls={`${id}-panel`}
            tabIndex={tab === shown ? 0 : -1}
            onClick={() => choose(tab)}
            onKeyDown={(event) => {
              if (event.key === 'ArrowRight') choose(tabs[(i + 1) % tabs.length])
              if (event.key === 'ArrowLeft') choose(tabs[(i + tabs.length - 1) % tabs.length])
            }}
          >
            {tab.title}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${shown?.id ?? ''}`}>
        {shown?.role !== undefined && !isOpen(shown) ? <TakesRole role={shown.role} /> : shown?.content()}
      </div>
    </div>
  )
}

function isOpen({ role }: Tab): boolean {
  return role === undefined || may(role)
}
