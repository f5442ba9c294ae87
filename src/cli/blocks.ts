import type { Cell } from './cells.ts'
import type { Tone } from './paint.ts'
import { plainLines, renderTable, type Table } from './table.ts'
import type { Screen } from './terminal.ts'
import { toAscii } from './width.ts'

/** A piece of a result, drawn as a person or as a program wants it. */
export type Block =
  | { readonly kind: 'line'; readonly text: string; readonly tone?: Tone }
  /** Shown to people only, who then need not count: bars, headings, blank lines. */
  | { readonly kind: 'picture'; readonly text: string; readonly tone?: Tone }
  /** `readers` where people see the same in a picture. */
  | { readonly kind: 'facts'; readonly rows: readonly Fact[]; readonly readers?: 'programs' }
  /** `row` stands in front of each line for programs, where a result holds several tables. */
  | { readonly kind: 'table'; readonly table: Table; readonly row?: string; readonly indent?: string }

export interface Fact {
  readonly label: string
  readonly value: Cell
}

export const line = (text: string, tone?: Tone): Block => ({
  kind: 'line',
  text,
  ...(tone === undefined ? {} : { tone }),
})
export const picture = (text: string, tone?: Tone): Block => ({
  kind: 'picture',
  text,
  ...(tone === undefined ? {} : { tone }),
})
export const gap: Block = { kind: 'picture', text: '' }

/** The whole text with a line break at its end; empty where there is nothing to say. */
export function renderBlocks(blocks: readonly Block[], screen: Screen): string {
  const lines = blocks.flatMap((block) => (screen.interactive ? drawn(block, screen) : plain(block, screen)))
  if (lines.length === 0) return ''
  const text = `${lines.join('\n')}\n`
  // What programs read is never rewritten.
  return screen.unicode || !screen.interactive ? text : toAscii(text)
}

function drawn(block: Block, screen: Screen): string[] {
  if (block.kind === 'facts') return block.readers === 'programs' ? [] : drawnFacts(block.rows, screen)
  if (block.kind === 'table') return renderTable(block.table, screen, block.indent)
  return [screen.paint(block.tone, block.text)]
}

function drawnFacts(rows: readonly Fact[], { paint }: Screen): string[] {
  const width = Math.max(0, ...rows.map(({ label }) => label.length))
  return rows.map(
    ({ label, value }) =>
      `${paint('dim', label)}${' '.repeat(width - label.length)}  ${paint(value.tone, value.text)}`,
  )
}

function plain(block: Block, { paint }: Screen): string[] {
  if (block.kind === 'facts') return block.rows.map(({ label, value }) => `${label}\t${value.raw}`)
  if (block.kind === 'table') return plainLines(block.table, block.row)
  return block.kind === 'line' ? [paint(block.tone, block.text)] : []
}
