import { useSignal } from '@preact/signals'
import type { TagRowFull } from '../../../../src/api/contract-contents.ts'
import { ask } from '../../api.ts'
import type { EvictAsk } from '../../parts/evict-dialog.tsx'
import { FilterBar } from '../../parts/filter.tsx'
import { conditionsIn, TAG_KINDS } from '../../parts/filter-words.ts'
import { imageHref } from '../../parts/place.ts'
import { copyPull } from '../../parts/pull-line.ts'
import type { Chosen } from '../../parts/selection.tsx'
import { Empty } from '../../parts/small.tsx'
import { TablePage } from '../../parts/table-page.tsx'
import { query } from '../../router.ts'
import { w } from '../../words/words.ts'
import { tagColumns } from './tag-columns.tsx'

export interface PartProps {
  readonly repository: string
  /** Another number: something changed that others may have shown. */
  readonly turn: number
  readonly onChange: () => void
}

const FIELDS =
  'tag digest mediaType aliases state created total onlyHere shared firstCached lastUsed pulls checkedAt goneAt pinned'

/** The tags of a repository, newest version first. */
export function TagList({ repository, turn, onChange }: PartProps) {
  const { images: words } = w()
  const filter = (query.value.get('q') ?? '').trim()
  const problem = useSignal<string | undefined>(undefined)
  return (
    <div class="stack">
      <FilterBar
        label={words.filterTags}
        placeholder={words.filterTagsPlaceholder}
        kinds={TAG_KINDS}
        problem={problem.value}
      />
      <TablePage<TagRowFull>
        id="tags"
        // What follows from a tag that is gone is no longer chosen.
        scope={`${repository} ${turn}`}
        file={repository.replaceAll('/', '_')}
        fields={FIELDS}
        columns={tagColumns(repository)}
        keyOf={({ tag }) => tag}
        nameOf={(tag) => `${repository}:${tag}`}
        filter={filter}
        sort="version"
        load={(asked, signal) => ask('GET /tags', { name: repository, ...asked }, signal)}
        found={words.found.tags}
        hrefOf={imageHref}
        onCopy={copyPull}
        askedOf={(chosen) => askedOf(repository, filter, chosen)}
        canCheck
        empty={<Empty title={words.repository.none} />}
        onProblem={(text) => (problem.value = text)}
        onChange={onChange}
      />
    </div>
  )
}

/** Words of the filter speak of tags here, and of whole names there. */
function askedOf(repository: string, filter: string, { isAll, keys }: Chosen): EvictAsk {
  const named = [...keys].map((tag) => `${repository}:${tag}`)
  if (!isAll) return { names: named, tagsOnly: true }
  const words = conditionsIn(filter, (word) => `${repository}:${/[*?]/.test(word) ? word : `*${word}*`}`)
  const names = [`${repository}:*`]
  return { names, tagsOnly: true, ...(words === '' ? {} : { filter: words }), exclude: named }
}
