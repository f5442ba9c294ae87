import type { Page } from './page.ts'

/** A table of Markdown, without its line of dashes. */
export interface Table {
  /** How many headings stand above it: the same in every language. */
  readonly section: number
  /** Between comments that say so: its own test compares it with what it is made of. */
  readonly isMade: boolean
  readonly rows: readonly Row[]
}

export interface Row {
  /** The whole of it. */
  readonly text: string
  /** Of the page, from 1. */
  readonly line: number
}

export function tablesOf({ lines }: Pick<Page, 'lines'>): Table[] {
  const tables: Table[] = []
  let section = 0
  let rows: Row[] | undefined
  for (const [i, text] of lines.entries()) {
    if (/^#+ /.test(text)) section++
    if (!text.startsWith('|')) rows = undefined
    else if (rows === undefined) {
      rows = [{ text, line: i + 1 }]
      tables.push({ section, isMade: /^<!-- \w+:begin -->$/.test(lines[i - 1] ?? ''), rows })
    } else if (!/^[|\s:-]+$/.test(text)) rows.push({ text, line: i + 1 })
  }
  return tables
}

/**
 * The numbers of a row, sorted: languages put them in another order. "1,560" is one, "1.0 ×, 28 ms" are two, "S3" has none.
 */
export function numbersIn({ text }: Row): string[] {
  return [...text.matchAll(/(?<![A-Za-z\d])\d(?:[\d.,]*\d)?(?![A-Za-z\d])/g)]
    .map(([number]) => number)
    .toSorted()
}

/** Points and paragraphs below each heading, the lines above the first among them. */
export function textsOf({ lines }: Pick<Page, 'lines'>): { points: number; paragraphs: number }[] {
  let texts = { points: 0, paragraphs: 0 }
  const sections = [texts]
  for (const [i, text] of lines.entries()) {
    if (/^#+ /.test(text)) sections.push((texts = { points: 0, paragraphs: 0 }))
    else if (text.startsWith('- ')) texts.points++
    else if (/^[^|<\s]/.test(text) && /^(?:#+ .*)?$/.test(lines[i - 1] ?? '')) texts.paragraphs++
  }
  return sections
}
