import { lazy } from '../lazy.tsx'
import type { SelectionBarProps } from './selection-bar.tsx'

const Bar = lazy(async () => ({ default: (await import('../pieces/later.ts')).SelectionBar }))

/** The bar is loaded with the first choice: most visits choose nothing. */
export function SelectionBar(props: SelectionBarProps) {
  return props.selection.count === 0 ? null : <Bar {...props} />
}
