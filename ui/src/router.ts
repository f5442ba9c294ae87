import { computed, signal } from '@preact/signals'

/** Where the app is mounted; home alone lies above it. */
export const BASE = '/ui'

const here = signal(window.location.pathname + window.location.search)

/** Path below the base ("/images/docker.io"), or "/home" for the public page. */
export const path = computed(() => {
  const [full = ''] = here.value.split('?')
  if (full === '/' || full === BASE) return full === '/' ? '/home' : '/'
  return full.startsWith(`${BASE}/`) ? decoded(full.slice(BASE.length)) : full
})

/** Somebody may have typed what is no encoding at all. */
function decoded(text: string): string {
  try {
    return decodeURI(text)
  } catch {
    return text
  }
}

/** What stands behind the question mark. Filters, sorting and tabs live there, so that a view can be sent to somebody. */
export const query = computed(() => new URLSearchParams(here.value.split('?')[1] ?? ''))

window.addEventListener('popstate', () => {
  here.value = window.location.pathname + window.location.search
})

/** Goes to a page of ours: "/images?sort=-total". */
export function go(to: string, how: 'push' | 'replace' = 'push'): void {
  const target = href(to)
  if (how === 'push') window.history.pushState(null, '', target)
  else window.history.replaceState(null, '', target)
  here.value = target
  if (how === 'push') window.scrollTo(0, 0)
}

/** The address of a page of ours. */
export function href(to: string): string {
  return /^\/home(\?|$)/.test(to) ? `/${to.slice('/home'.length)}` : `${BASE}${to}`
}

/** Sets or clears fields of the query and stays on the page. */
export function setQuery(changes: Readonly<Record<string, string | undefined>>): void {
  const next = new URLSearchParams(query.value)
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === '') next.delete(name)
    else next.set(name, value)
  }
  const text = next.toString()
  go(`${path.value}${text === '' ? '' : `?${text}`}`, 'replace')
}

/** Plain clicks on links of ours stay in the app; everything else is the browser's. */
document.addEventListener('click', (event) => {
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey
  const link = event.target instanceof Element ? event.target.closest('a') : null
  if (!isPlain || event.defaultPrevented || link === null) return
  const url = new URL(link.href, window.location.href)
  const isOurs =
    url.origin === window.location.origin && (url.pathname === '/' || url.pathname.startsWith(`${BASE}/`))
  if (!isOurs || link.target !== '' || link.hasAttribute('download') || url.hash !== '') return
  event.preventDefault()
  go((url.pathname === '/' ? '/home' : url.pathname.slice(BASE.length)) + url.search)
})
