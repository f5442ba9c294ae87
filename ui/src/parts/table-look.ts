import { effect, signal } from '@preact/signals'

const STORED = 'cachalot.tables'

interface Look {
  readonly isCompact: boolean
  /** Columns that are left out, by table: "images.pulls". */
  readonly hidden: readonly string[]
}

/** How tables look in this browser. */
export const look = signal<Look>(stored())

effect(() => {
  document.documentElement.dataset['density'] = look.value.isCompact ? 'compact' : 'comfortable'
  try {
    localStorage.setItem(STORED, JSON.stringify(look.value))
  } catch {
    // Then it holds for this visit.
  }
})

export function isHidden(table: string, column: string): boolean {
  return look.value.hidden.includes(`${table}.${column}`)
}

export function setHidden(table: string, column: string, isOut: boolean): void {
  const others = look.value.hidden.filter((one) => one !== `${table}.${column}`)
  look.value = { ...look.value, hidden: isOut ? [...others, `${table}.${column}`] : others }
}

function stored(): Look {
  try {
    // Whatever it is, only these two are taken from it.
    const { isCompact, hidden } = JSON.parse(localStorage.getItem(STORED) ?? '{}') as Partial<Look>
    return { isCompact: isCompact === true, hidden: Array.isArray(hidden) ? hidden : [] }
  } catch {
    return { isCompact: false, hidden: [] }
  }
}
