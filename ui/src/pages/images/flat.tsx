import type { ImageRow, RepositoryRow } from '../../../../src/api/contract.ts'
import { ask } from '../../api.ts'
import type { EvictAsk } from '../../parts/evict-dialog.tsx'
import { imageHref } from '../../parts/place.ts'
import { copyPull } from '../../parts/pull-line.ts'
import type { Chosen } from '../../parts/selection.tsx'
import { Empty } from '../../parts/small.tsx'
import { TablePage } from '../../parts/table-page.tsx'
import { href } from '../../router.ts'
import { w } from '../../words/words.ts'
import { columnsOf } from './columns.tsx'

export type Row = RepositoryRow | ImageRow

interface FlatListProps {
  readonly kind: 'repositories' | 'images'
  readonly filter: string
  /** The server could not read the filter; undefined when it could. */
  readonly onProblem: (problem: string | undefined) => void
}

const FIELDS = {
  repositories: 'name tags images total onlyHere shared firstCached lastUsed pulls pinned',
  images:
    'name digest tags mediaType state platforms created total onlyHere shared firstCached lastUsed pulls pinned goneAt',
}

/** Every repository, or every image, that matches. */
export function FlatList({ kind, filter, onProblem }: FlatListProps) {
  const { images: words } = w()
  return (
    <TablePage<Row>
      id={kind}
      file={`cachalot-${kind}`}
      fields={FIELDS[kind]}
      columns={columnsOf(kind)}
      keyOf={({ name }) => name}
      filter={filter}
      sort="name"
      load={(asked, signal) => ask(`GET /${kind}`, asked, signal)}
      found={words.found[kind]}
      hrefOf={imageHref}
      onCopy={copyPull}
      askedOf={(chosen) => askedOf(chosen, filter)}
      // The server would take a condition as one on images, not on the repositories that are shown.
      isNamed={kind === 'repositories'}
      empty={
        <Empty title={words.empty}>
          <p>{words.emptyMore}</p>
          <a class="button" href={href('/setup')}>
            {words.toSetup}
          </a>
        </Empty>
      }
      onProblem={onProblem}
    />
  )
}

/** All that matches is asked for by what it matches, so that it need not be loaded for that. */
function askedOf({ isAll, keys }: Chosen, filter: string): EvictAsk {
  if (!isAll) return { names: [...keys] }
  return { names: ['**'], ...(filter === '' ? {} : { filter }), exclude: [...keys] }
}
