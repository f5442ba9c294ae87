import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { TagRowFull } from '../../../../src/api/contract-contents.ts'
import { ask } from '../../api.ts'
import type { EvictAsk } from '../../parts/evict-dialog.tsx'
import { Export } from '../../parts/export.tsx'
import { FilterBar } from '../../parts/filter.tsx'
import { conditionsIn, TAG_KINDS } from '../../parts/filter-words.ts'
import { imageHref } from '../../parts/place.ts'
import { Problem, wordsFor } from '../../parts/problem.tsx'
import { copyPull } from '../../parts/pull-line.ts'
import { type Chosen, useSelection } from '../../parts/selection.tsx'
import { pinNames, SelectionBar } from '../../parts/selection-bar.tsx'
import { Empty, Skeleton } from '../../parts/small.tsx'
import { Table } from '../../parts/table.tsx'
import { useList } from '../../parts/table-list.ts'
import { shownColumns, TableMenu } from '../../parts/table-menu.tsx'
import { checkNames } from '../../parts/upstream-check.tsx'
import { BASE, go, query, setQuery } from '../../router.ts'
import { may } from '../../session.ts'
import { w } from '../../words/words.ts'
import { tagColumns } from './tag-columns.tsx'

export interface PartProps {
  readonly repository: string
  /** Another number: something changed that others may have shown. */
  readonly turn: number
  readonly onChange: () => void
}

const PAGE = 200
/** Of a file that takes all of them. */
const EXPORT_PAGE = 500
const FIELDS =
  'tag digest mediaType aliases state created total onlyHere shared firstCached lastUsed pulls checkedAt goneAt pinned'.split(
    ' ',
  )

/** The tags of a repository, newest version first. */
export function TagList({ repository, turn, onChange }: PartProps) {
  const { images: words } = w()
  const filter = (query.value.get('q') ?? '').trim()
  const sort = query.value.get('sort') ?? 'version'
  const asked = { name: repository, sort, ...(filter === '' ? {} : { filter }) }
  const load = (limit: number) => (cursor: string | undefined, signal: AbortSignal) =>
    ask('GET /tags', { ...asked, limit, ...(cursor === undefined ? {} : { cursor }) }, signal)
  const list = useList<TagRowFull>(`${repository} ${sort} ${filter} ${turn}`, load(PAGE))
  const isEvicting = useSignal(false)
  const selection = useSelection({
    keys: list.items.map(({ tag }) => tag),
    total: list.total,
    isStale: list.isStale,
    scope: `${repository} ${filter}`,
    label: words.selectOne,
    labelAll: words.selectAll,
  })
  useEffect(() => {
    // What follows from a tag that is gone is no longer chosen.
    if (turn > 0) selection.clear()
  }, [turn])
  const problem = list.failure?.code === 'bad_request' && filter !== '' ? wordsFor(list.failure) : undefined
  const columns = tagColumns(repository)
  const onKey = (key: string, { tag }: TagRowFull): boolean => {
    if (key === 'c') void copyPull(`${repository}:${tag}`)
    if (!may('operator')) return key === 'c'
    if (key === 'p') void pinNames([`${repository}:${tag}`]).then(onChange)
    if (key === 'r') {
      const { isAll, keys } = selection.chosen
      const chosen = selection.count > 0 && !isAll ? [...keys] : [tag]
      void checkNames(chosen.map((one) => `${repository}:${one}`)).then(onChange)
    }
    if (key === 'e') {
      if (selection.count === 0) selection.toggle(tag)
      isEvicting.value = true
    }
    return 'cepr'.includes(key)
  }
  return (
    <div class="stack">
      <FilterBar
        label={words.filterTags}
        placeholder={words.filterTagsPlaceholder}
        kinds={TAG_KINDS}
        problem={problem}
      />
      {list.failure !== undefined && problem === undefined && (
        <Problem failure={list.failure} retry={list.reload} />
      )}
      {list.items.length === 0 ? (
        <None isLoading={list.isLoading} filter={filter} hasFailed={list.failure !== undefined} />
      ) : (
        <>
          <div class="list-head">
            <p class="quiet" aria-live="polite">
              {list.found(words.found.tags)}
            </p>
            <span class="row">
              <Export name={repository.replaceAll('/', '_')} load={load(EXPORT_PAGE)} fields={FIELDS} />
              <TableMenu table="tags" columns={columns} />
            </span>
          </div>
          <Table
            caption={list.found(words.found.tags)}
            columns={shownColumns('tags', columns)}
            rows={list.items}
            keyOf={({ tag }) => tag}
            total={list.total}
            sort={sort}
            onSort={(next) => setQuery({ sort: next })}
            onEnd={list.more}
            onOpen={({ tag }) => go(imageHref(`${repository}:${tag}`).slice(BASE.length))}
            onKey={onKey}
            selecting={may('operator') ? selection : undefined}
            isBusy={list.isLoading}
          />
          <SelectionBar
            selection={selection}
            asked={askedOf(repository, filter, selection.chosen)}
            total={list.total}
            canCheck
            isEvicting={isEvicting.value}
            onEvict={(isOpen) => (isEvicting.value = isOpen)}
            onChange={onChange}
          />
        </>
      )}
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

function None({ isLoading, filter, hasFailed }: { isLoading: boolean; filter: string; hasFailed: boolean }) {
  const { images: words } = w()
  if (hasFailed) return null
  if (isLoading) return <Skeleton lines={6} />
  if (filter === '') return <Empty title={words.repository.none} />
  return (
    <Empty title={words.noMatch}>
      <button type="button" onClick={() => setQuery({ q: undefined })}>
        {words.clearFilters}
      </button>
    </Empty>
  )
}
