import type { ComponentChildren } from 'preact'

export interface Column<Row> {
  readonly id: string
  readonly title: string
  /** Numbers stand to the right. */
  readonly align?: 'end'
  /** The list can be sorted by it. */
  readonly sortable?: boolean
  /** Left out on narrow screens; "some": on phones only; "very": on all but wide ones. */
  readonly wide?: boolean | 'some' | 'very'
  /** The heading is for those who listen only. */
  readonly isQuiet?: boolean
  /** What the heading means, for whoever rests on it. */
  readonly hint?: string
  readonly cell: (row: Row) => ComponentChildren
}

export interface Selecting {
  readonly state: 'none' | 'some' | 'all'
  has(key: string): boolean
  toggle(key: string): void
  /** Everything between the row that was chosen last (else `from`) and this one. */
  extend(key: string, from?: string): void
  /** All that is there, and once it is chosen, all that matches. */
  all(): void
  clear(): void
  readonly label: (key: string) => string
  readonly labelAll: string
}

export interface TableProps<Row> {
  readonly caption: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string
  /** Of all that matches; more may have to be loaded. */
  readonly total?: number
  /** "-total": the largest first. */
  readonly sort?: string | undefined
  readonly onSort?: (sort: string) => void
  readonly onEnd?: () => void
  readonly onOpen?: (row: Row) => void
  /** Single letters on a row that has the focus; true: it did something. */
  readonly onKey?: (key: string, row: Row) => boolean
  readonly selecting?: Selecting | undefined
  /** What is shown is about to be replaced. */
  readonly isBusy?: boolean
}

/** Of a cell or a heading. */
export function classes({ align, wide }: Pick<Column<never>, 'align' | 'wide'>): string {
  const width = wide === true ? 'wide' : wide === undefined || wide === false ? '' : `${wide}-wide`
  return [align ?? '', width].filter(Boolean).join(' ')
}
