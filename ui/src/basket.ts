import { effect, signal } from '@preact/signals'

const STORED = 'cachalot.basket'
/** The server takes no more in one archive. */
export const MOST = 100

/** Names of images chosen for a package, in this tab: "docker.io/library/nginx:1.27". */
export const basket = signal<readonly string[]>(stored())

effect(() => {
  const text = JSON.stringify(basket.value)
  try {
    sessionStorage.setItem(STORED, text)
  } catch {
    // Then it holds until the page is left.
  }
})

/** Puts them in, as far as there is room, each once. */
export function put(names: readonly string[]): void {
  basket.value = [...new Set([...basket.value, ...names])].slice(0, MOST)
}

export function takeOut(name: string): void {
  basket.value = basket.value.filter((one) => one !== name)
}

function stored(): readonly string[] {
  try {
    const names: unknown = JSON.parse(sessionStorage.getItem(STORED) ?? '[]')
    return Array.isArray(names) ? names.filter((one) => typeof one === 'string') : []
  } catch {
    return []
  }
}
