import { effect, signal } from '@preact/signals'
import { useLayoutEffect } from 'preact/hooks'
import { go } from './router.ts'
import { session } from './session.ts'

const STORED = 'cachalot.shortcuts'
/** How long after g the letter of a page may come. */
const PATIENCE_MS = 1500

/** Whether single keys do something. They can be in the way of those who speak to their computer. */
export const areShortcutsOn = signal(stored())

/** What the keyboard opened in front of the page. */
export const opened = signal<'palette' | 'help' | undefined>(undefined)

/** What was typed for the palette, also before it is there. */
export const typed = signal('')

const pageKeys = new Map<string, () => void>()

/** Single keys of the page that is shown, as long as it is. */
export function usePageKeys(keys: Readonly<Record<string, () => void>>): void {
  // Whoever sees another page has its keys, too.
  useLayoutEffect(() => {
    for (const [key, run] of Object.entries(keys)) pageKeys.set(key, run)
    return () => pageKeys.clear()
  })
}

/** Pages by the letter after g, with their name in the words. */
export const PLACES = {
  o: { to: '/', name: 'overview' },
  i: { to: '/images', name: 'images' },
  d: { to: '/discover', name: 'discover' },
  f: { to: '/files', name: 'files' },
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
    typed.value = ''
    opened.value = opened.value === 'palette' ? undefined : 'palette'
    return
  }
  if (opened.value === 'palette' && !isInDialog(event)) {
    if (keep(event)) event.preventDefault()
    return
  }
  if (event.key === 'Escape' && isSearch(event.target)) event.target.blur()
  // On many keyboards brackets take AltGr, which some systems call Ctrl and Alt.
  const isPlain = event.getModifierState('AltGraph') || (!event.ctrlKey && !event.metaKey && !event.altKey)
  if (!isPlain || !areShortcutsOn.value || isTaken(event)) return
  if (press(event.key)) event.preventDefault()
})

function isInDialog({ target }: KeyboardEvent): boolean {
  return target instanceof Element && target.closest('dialog') !== null
}

/** The palette comes over the network the first time: what is typed meanwhile is meant for it. */
function keep({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  if (ctrlKey || metaKey || altKey) return false
  if (key === 'Escape') opened.value = undefined
  else if (key === 'Backspace') typed.value = typed.value.slice(0, -1)
  else if (key.length === 1) typed.value += key
  return key.length === 1 || key === 'Backspace' || key === 'Enter'
}

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
  } else {
    const run = pageKeys.get(key)
    run?.()
    return run !== undefined
  }
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
