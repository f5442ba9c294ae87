import type { ComponentChildren } from 'preact'
import type { Overview } from '../../../../src/api/contract-activity.ts'
import { NameLink } from '../../parts/name-link.tsx'
import { Ago, Bytes } from '../../parts/small.tsx'
import { w } from '../../words/words.ts'
import { Tile } from './tile.tsx'

/** What is pulled most, what takes the most place, and what nobody needed for the longest. */
export function TopLists({ data }: { data: Overview }) {
  const { overview, common } = w()
  const { most, biggest, idle } = overview
  return (
    <div class="top-lists">
      <Top title={most.title} none={most.none} to="/images?sort=-pulls" rows={data.mostServed}>
        {({ pulls }) => common.pulls(pulls)}
      </Top>
      <Top title={biggest.title} none={biggest.none} to="/images?sort=-onlyHere" rows={data.biggest}>
        {({ onlyHere }) => <Bytes n={onlyHere} />}
      </Top>
      <Top title={idle.title} none={idle.none} to="/images?sort=lastUsed" rows={data.longestIdle}>
        {({ lastUsed }) => (lastUsed === 0 ? idle.never : <Ago at={lastUsed} />)}
      </Top>
    </div>
  )
}

interface TopProps<Row> {
  readonly title: string
  readonly none: string
  readonly to: string
  readonly rows: readonly Row[]
  readonly children: (row: Row) => ComponentChildren
}

function Top<Row extends { readonly name: string }>({ title, none, to, rows, children }: TopProps<Row>) {
  return (
    <Tile title={title} to={to}>
      {rows.length === 0 && <p class="quiet">{none}</p>}
      <ol>
        {rows.map((row) => (
          <li key={row.name}>
            <NameLink text={row.name} />
            <span class="quiet">{children(row)}</span>
          </li>
        ))}
      </ol>
    </Tile>
  )
}
