import { effect, signal } from '@preact/signals'

export type Theme = 'auto' | 'light' | 'dark'

const STORED = 'cachalot.theme'

export const theme = signal<Theme>(stored())

/** Follows what is chosen, from now on. */
export function startTheme(): void {
  effect(() => {
    document.documentElement.dataset['theme'] = theme.value
    try {
      localStorage.setItem(STORED, theme.value)
    } catch {
      // Storage may be switched off: then it holds for this visit.
    }
  })
}

function stored(): Theme {
  try {
    const text = localStorage.getItem(STORED)
    return text === 'light' || text === 'dark' ? text : 'auto'
  } catch {
    return 'auto'
  }
}
