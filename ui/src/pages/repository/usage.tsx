import type { SharedWith } from '../../../../src/api/contract-contents.ts'
import { ask } from '../../api.ts'
import { percent } from '../../format.ts'
import { imageHref } from '../../parts/place.ts'
import { Problem } from '../../parts/problem.tsx'
import { Bytes, Empty, Meter, Name, Skeleton } from '../../parts/small.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { useResource } from '../../resource.ts'
import { BASE, go } from '../../router.ts'
import { w } from '../../words/words.ts'

interface UsageProps {
  readonly repository: string
  /** Of all content of the repository. */
  readonly total: number
}

/** Which repositories have content of this one, too. */
export function UsageList({ repository, total }: UsageProps) {
  const words = w().images.repository
  const { data, failure, reload } = useResource(repository, (signal) =>
    ask('GET /repositories/usage', { name: repository }, signal),
  )
  if (failure !== undefined && data === undefined) return <Problem failure={failure} retry={reload} />
  if (data === undefined) return <Skeleton lines={4} />
  if (data.items.length === 0) return <Empty title={words.noUsage} />
  const more = data.total - data.items.length
  return (
    <div class="stack">
      <p class="quiet">{words.usageLead}</p>
      <Table
        caption={words.tabs.usage}
        columns={columnsOf(total)}
        rows={data.items}
        keyOf={({ name }) => name}
        onOpen={({ name }) => go(imageHref(name).slice(BASE.length))}
      />
      {more > 0 && <p class="quiet">{words.usageMore(more)}</p>}
    </div>
  )
}

function columnsOf(total: number): readonly Column<SharedWith>[] {
  const { images, common } = w()
  const words = images.repository
  const shareOf = ({ bytes }: SharedWith): string => percent(total === 0 ? 0 : bytes / total)
  return [
    {
      id: 'name',
      title: common.terms.repository,
      cell: ({ name }) => (
        <a class="clamp" href={imageHref(name)} title={name}>
          <Name text={name} />
        </a>
      ),
    },
    { id: 'bytes', title: words.sharedBytes, align: 'end', cell: ({ bytes }) => <Bytes n={bytes} /> },
    {
      id: 'share',
      title: words.share,
      wide: 'some',
      cell: (row) => (
        <span class="in-common">
          <Meter value={row.bytes} max={total} label={shareOf(row)} />
          <span>{shareOf(row)}</span>
        </span>
      ),
    },
  ]
}
