import type { ImageRow, RepositoryRow } from '../../../../src/api/contract.ts'
import { number, shortDigest } from '../../format.ts'
import { Icon } from '../../parts/icon.tsx'
import { imageHref } from '../../parts/place.ts'
import { Ago, Bytes, Mark, Name } from '../../parts/small.tsx'
import { Sparkline } from '../../parts/sparkline.tsx'
import type { Column } from '../../parts/table.tsx'
import { News } from '../../parts/upstream-check.tsx'
import { w } from '../../words/words.ts'

type Row = RepositoryRow | ImageRow

/** Columns of both lists: names first, then numbers that one sorts by. */
export function columnsOf(kind: 'repositories' | 'images'): readonly Column<Row>[] {
  const { images: words, common } = w()
  const { terms } = common
  const counts: Column<Row>[] = [
    {
      id: 'tags',
      title: terms.tags,
      align: 'end',
      sortable: true,
      wide: true,
      cell: (row) => number(typeof row.tags === 'number' ? row.tags : row.tags.length),
    },
  ]
  const state: Column<Row>[] = [
    {
      id: 'state',
      title: terms.state,
      wide: true,
      cell: (row) => ('state' in row ? <State state={row.state} /> : null),
    },
  ]
  const made: Column<Row>[] = [
    {
      id: 'platforms',
      title: words.columns.platforms,
      wide: 'very',
      cell: (row) =>
        'platforms' in row ? row.platforms.map((one) => one.replace('linux/', '')).join(' ') : null,
    },
    {
      id: 'created',
      title: terms.created,
      align: 'end',
      sortable: true,
      wide: true,
      cell: (row) => ('created' in row ? <Created at={row.created} /> : <Created at={undefined} />),
    },
  ]
  const days: Column<Row>[] = [
    {
      id: 'days',
      title: words.days,
      hint: words.daysHint,
      wide: true,
      cell: (row) => ('pulls30d' in row ? <Sparkline values={row.pulls30d} /> : null),
    },
  ]
  return [
    {
      id: 'name',
      title: kind === 'images' ? terms.name : terms.repository,
      sortable: true,
      cell: (row) => <NameCell row={row} />,
    },
    ...(kind === 'images' ? state : counts),
    ...sizeColumns<Row>(),
    ...(kind === 'images' ? made : []),
    ...usageColumns<Row>(words.columns.used),
    ...(kind === 'images' ? [] : days),
  ]
}

/** Of an image whose config does not say, there is nothing to say. */
export function Created({ at }: { at: number | undefined }) {
  return at === undefined ? <span class="quiet">–</span> : <Ago at={at} />
}

/** What it takes, and what of it would be free without it. */
export function sizeColumns<Row extends { total: number; onlyHere: number }>(): readonly Column<Row>[] {
  const { images: words, common } = w()
  return [
    {
      id: 'total',
      title: common.terms.size,
      hint: words.hints.total,
      align: 'end',
      sortable: true,
      wide: 'some',
      cell: ({ total }) => <Bytes n={total} />,
    },
    {
      id: 'onlyHere',
      title: common.terms.onlyHere,
      hint: words.hints.onlyHere,
      align: 'end',
      sortable: true,
      cell: ({ onlyHere }) => <Bytes n={onlyHere} />,
    },
  ]
}

/** When and how often it was used. */
export function usageColumns<Row extends { lastUsed: number; pulls: number }>(
  title: string,
  count = w().common.terms.pulls,
): readonly Column<Row>[] {
  return [
    {
      id: 'lastUsed',
      title,
      align: 'end',
      sortable: true,
      wide: 'some',
      cell: ({ lastUsed }) => <Ago at={lastUsed} />,
    },
    {
      id: 'pulls',
      title: count,
      align: 'end',
      sortable: true,
      wide: true,
      cell: ({ pulls }) => number(pulls),
    },
  ]
}

export function State({ state }: { state: 'complete' | 'partial' | 'absent' }) {
  const tone = { complete: 'ok', partial: 'warn', absent: 'plain' } as const
  const icon = { complete: 'ok', partial: 'partial', absent: 'absent' } as const
  return (
    <Mark tone={tone[state]} icon={icon[state]}>
      {w().common.state[state]}
    </Mark>
  )
}

export function Pinned() {
  return (
    <span class="pinned" title={w().images.pinning.short}>
      <Icon name="pin" size={14} label={w().common.terms.pinned} />
    </span>
  )
}

/** A name of two lines at most: rows have one height. */
function NameCell({ row }: { row: Row }) {
  const { name } = row
  const [before, digest] = name.split('@')
  return (
    <span class="with-pin">
      <a class="clamp" href={imageHref(name)} title={name}>
        <Name text={digest === undefined ? name : `${before}@${shortDigest(digest)}`} />
      </a>
      {row.pinned && <Pinned />}
      {'moved' in row && <News isGone={row.goneAt !== undefined} isMoved={row.moved} />}
    </span>
  )
}
