import { useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'

/** Height of a row before one was measured, and rows kept beyond the edges of what is in sight. */
const GUESS = 44
const MARGIN = 6
/** How often the height of a row is corrected while nothing changes that it depends on. */
const TRIES = 3
/** So few are simply all there. */
const ALL = 40

export interface Shown {
  readonly from: number
  readonly to: number
  /** Height in pixels that stands for one row out of sight. */
  readonly height: number
  /** Has this row in the page, wherever the window stands. */
  hold(index: number): void
}

/** The rows that have to be there for what is in sight of the window; all of them have one height. */
export function useShown(body: { readonly current: HTMLElement | null }, count: number): Shown {
  const first = useSignal(0)
  const height = useSignal(GUESS)
  const tries = useRef({ of: '', left: TRIES })
  const many = Math.ceil(window.innerHeight / height.value) + 2 * MARGIN

  useLayoutEffect(() => {
    markFit(body.current)
    const rows = body.current?.querySelectorAll<HTMLElement>('tr[data-key]') ?? []
    const [top, bottom] = [rows[0], rows[rows.length - 1]]
    if (top === undefined || bottom === undefined) return
    const measured = (bottom.getBoundingClientRect().bottom - top.getBoundingClientRect().top) / rows.length
    const of = `${count} ${bottom.offsetWidth} ${document.documentElement.dataset['density'] ?? ''}`
    if (tries.current.of !== of) tries.current = { of, left: TRIES }
    // Where rows differ after all, each height shows other rows, which have another one.
    if (Math.abs(measured - height.peek()) <= 0.5 || tries.current.left === 0) return
    tries.current.left -= 1
    height.value = measured
  })
  useEffect(() => {
    const look = (): void => {
      markFit(body.current)
      const above = -(body.current?.getBoundingClientRect().top ?? 0)
      const next = Math.max(0, Math.floor(above / height.peek()) - MARGIN)
      // Not every pixel is worth new rows.
      if (next === 0 || Math.abs(next - first.peek()) >= MARGIN / 2) first.value = next
    }
    look()
    window.addEventListener('scroll', look, { passive: true })
    window.addEventListener('resize', look)
    return () => {
      window.removeEventListener('scroll', look)
      window.removeEventListener('resize', look)
    }
  }, [count])

  const isAll = count <= ALL
  const from = isAll ? 0 : Math.max(0, Math.min(first.value, count - many))
  return {
    from,
    to: isAll ? count : Math.min(count, from + many),
    height: height.value,
    hold: (index) => {
      if (index < from + 1 || index > from + many - 2) first.value = Math.max(0, index - Math.floor(many / 2))
    },
  }
}

/** A heading can only stay in sight where nothing has to be scrolled sideways. */
function markFit(body: HTMLElement | null): void {
  const frame = body?.closest<HTMLElement>('.table-frame')
  const table = body?.closest<HTMLElement>('table')
  if (frame && table) frame.classList.toggle('fits', table.offsetWidth <= frame.clientWidth)
}
