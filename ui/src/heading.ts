/** The page is another one: its heading names the window, and whoever listens hears it. */
export function meetHeading(): void {
  const heading = nameWindow()
  // Unless they are at something already.
  if (document.querySelector('main :focus, dialog[open]') === null) heading?.focus({ preventScroll: true })
}

/** Calls the window as the page is called, and gives its heading where there is one yet. */
export function nameWindow(): HTMLElement | null {
  const heading = document.querySelector<HTMLElement>('main h1')
  if (heading !== null) document.title = `${heading.textContent} · Cachalot`
  return heading
}
