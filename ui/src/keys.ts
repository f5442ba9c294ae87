import { effect, signal } from '@preact/signals'
import { go } from './router.ts'
import { session } from './session.ts'

const STORED = 'cachalot.shortcuts'
/** How long after g the letter of a page may come. */
const PATIENCE_MS = 1500

/** Whether single keys do something. They can be in the way of those who speak to their computer. */
export const areShortcutsOn = signal(stored())

/** What the keyboard opened in front of the page. */
export const opened = signal<'palette' | 'help' | undefined>(undefined)

/** Pages by the letter after g, with their name in the words. */
export const PLACES = {
  o: { to: '/', name: 'overview' },
  i: { to: '/images', name: 'images' },
  c: { to: '/cleanup', name: 'cleanup' },
  a: { to: '/activity', name: 'activity' },
  u: { to: '/upstreams', name: 'upstreams' },
  s: { to: '/setup', name: 'setup' },
  e: { to: '/settings', name: 'settings' },
} as const

/** Whether a key is a letter of a text, or belongs to a dialog, so that no shortcut may take it. */
export function isTaken(event: KeyboardEvent): boolean {
  const { target } = event
  if (event.defaultPrevented || event.isComposing || !(target instanceof Element)) return true
  return target.closest('input, textarea, select, [contenteditable], dialog') !== null
}

effect(() => {
  const text = areShortcutsOn.value ? 'on' : 'off'
  try {
    localStorage.setItem(STORED, text)
  } catch {
    // Then it holds for this visit.
  }
})

let awaitsPlace = false
let timer = 0

document.addEventListener('keydown', (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key === 'k') {
    event.preventDefault()
    opened.value = opened.value === 'palette' ? undefined : 'palette'
    return
  }
  if (event.key === 'Escape' && isSearch(event.target)) event.target.blur()
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey
  if (!isPlain || !areShortcutsOn.value || isTaken(event)) return
  if (press(event.key)) event.preventDefault()
})

/** Whether the key did something. */
function press(key: string): boolean {
  const place = awaitsPlace && Object.hasOwn(PLACES, key) ? PLACES[key as keyof typeof PLACES] : undefined // Asked.
  awaitsPlace = false
  clearTimeout(timer)
  if (place !== undefined) {
    go(place.to)
    return true
  }
  if (key === '?') opened.value = 'help'
  else if (key === '/') return focusSearch()
  else if (key === 'g' && session.value?.user !== undefined) {
    awaitsPlace = true
    timer = window.setTimeout(() => (awaitsPlace = false), PATIENCE_MS)
  } else return false
  return true
}

function focusSearch(): boolean {
  const search = document.getElementById('search')
  search?.focus()
  return search !== null
}

function isSearch(target: EventTarget | null): target is HTMLInputElement {
  return target instanceof HTMLInputElement && target.id === 'search'
}

function stored(): boolean {
  try {
    return localStorage.getItem(STORED) !== 'off'
  } catch {
    return true
  }
}
