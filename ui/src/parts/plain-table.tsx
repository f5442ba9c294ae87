import type { ComponentChildren } from 'preact'

export interface PlainHead {
  readonly title: string
  readonly class?: string
  /** For those who listen only. */
  readonly isQuiet?: boolean
}

interface PlainTableProps {
  readonly caption: string
  readonly heads: readonly PlainHead[]
  /** Rows. */
  readonly children: ComponentChildren
  readonly class?: string
}

/** A short table, all of which is in the page. */
export function PlainTable({ caption, heads, children, class: own }: PlainTableProps) {
  return (
    <div class="table-frame">
      <table {...(own === undefined ? {} : { class: own })}>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {heads.map(({ title, class: column, isQuiet }) => (
              <th key={title} scope="col" {...(column === undefined ? {} : { class: column })}>
                {isQuiet === true ? <span class="unseen">{title}</span> : title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}
