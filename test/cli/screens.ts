import { colourPaint, plainPaint } from '../../src/cli/paint.ts'
import type { Screen } from '../../src/cli/terminal.ts'

/** A terminal of this width without colours, unless told otherwise. */
export function terminal(columns = 80, changes: Partial<Screen> = {}): Screen {
  return { interactive: true, columns, unicode: true, paint: plainPaint, ...changes }
}

/** What a program reads. */
export const PIPE: Screen = { interactive: false, columns: 80, unicode: true, paint: plainPaint }

export const COLOURFUL: Screen = terminal(80, { paint: colourPaint })
