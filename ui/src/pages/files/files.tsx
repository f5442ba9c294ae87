import { useSignal } from '@preact/signals'
import type { FileKind, FileRow, FileSums } from '../../../../src/api/contract-files.ts'
import { ask } from '../../api.ts'
import { bytes } from '../../format.ts'
import { Beside } from '../../parts/beside.tsx'
import { Converter } from '../../parts/converter.tsx'
import type { EvictAsk } from '../../parts/evict-dialog.tsx'
import { FilterBar } from '../../parts/filter.tsx'
import { FILE_FILTERS, toFileFilter } from '../../parts/filter-words.ts'
import { fileHref } from '../../parts/place.ts'
import type { Chosen } from '../../parts/selection.tsx'
import { Empty } from '../../parts/small.tsx'
import { TablePage } from '../../parts/table-page.tsx'
import { Views } from '../../parts/views.tsx'
import { useResource } from '../../resource.ts'
import { href, query } from '../../router.ts'
import { w } from '../../words/words.ts'
import { fileColumns } from './columns.tsx'
import { copyName } from './copy-name.ts'
import './files.css'
import { shownFiles } from './shown.ts'

const KINDS = ['github', 'hf', 'go', 'git'] as const satisfies readonly FileKind[]
const FIELDS =
  'name kind repository file source total onlyHere firstCached lastUsed pulls checkedAt state pinned'

/** What is cached beside images: of GitHub, Hugging Face, Go modules, repositories of git. */
export default function Files() {
  const words = w().files
  const filter = toFileFilter(query.value.get('q') ?? '')
  const kind = KINDS.find((one) => one === query.value.get('kind'))
  const problem = useSignal<string | undefined>(undefined)
  const turn = useSignal(0)
  const kinds = useResource(String(turn.value), (signal) => ask('GET /files/kinds', {}, signal))
  return (
    <>
      <h1 tabIndex={-1}>{words.title}</h1>
      <Converter
        label={words.convert.label}
        example={words.convert.example}
        onFetched={() => void turn.value++}
      />
      <KindViews kind={kind} sums={kinds.data?.items} />
      <FilterBar
        label={words.search}
        placeholder={words.searchPlaceholder}
        kinds={FILE_FILTERS}
        problem={problem.value}
      />
      <Beside of="images" filter={filter} />
      <TablePage<FileRow>
        key={kind}
        id="files"
        scope={`${kind ?? ''} ${turn.value}`}
        file={`cachalot-files${kind === undefined ? '' : `-${kind}`}`}
        fields={FIELDS}
        columns={fileColumns(kind === undefined)}
        keyOf={({ name }) => name}
        filter={filter}
        sort="name"
        load={async (asked, signal) => {
          const page = await ask('GET /files', { ...asked, ...(kind === undefined ? {} : { kind }) }, signal)
          shownFiles.add(page.items, asked.cursor === undefined)
          return page
        }}
        found={words.found}
        hrefOf={fileHref}
        onCopy={copyName}
        askedOf={(chosen) => askedOf(chosen, filter, kind)}
        empty={<Nothing />}
        onProblem={(text) => (problem.value = text)}
        onChange={() => void turn.value++}
      />
    </>
  )
}

interface KindViewsProps {
  readonly kind: FileKind | undefined
  readonly sums: readonly FileSums[] | undefined
}

/** One view per kind, with how much of it is here. */
function KindViews({ kind, sums }: KindViewsProps) {
  const { kinds: words, found, sum } = w().files
  const shown = (rows: readonly FileSums[]): string =>
    sum(
      found(rows.reduce((all, { files }) => all + files, 0)),
      bytes(rows.reduce((all, row) => all + row.bytes, 0)),
    )
  const moreOf = (rows: readonly FileSums[] | undefined) => (rows === undefined ? {} : { more: shown(rows) })
  return (
    <div class="file-kinds">
      <Views
        label={words.label}
        shown={kind ?? 'all'}
        views={[
          { id: 'all', title: words.all, to: addressOf(undefined), ...moreOf(sums) },
          ...KINDS.map((one) => ({
            id: one,
            title: words[one],
            to: addressOf(one),
            ...moreOf(sums?.filter((row) => row.kind === one)),
          })),
        ]}
      />
    </div>
  )
}

/** Filters stay as they are. */
function addressOf(kind: FileKind | undefined): string {
  const next = new URLSearchParams(query.value)
  next.delete('kind')
  if (kind !== undefined) next.set('kind', kind)
  return href(next.size === 0 ? '/files' : `/files?${next.toString()}`)
}

/** All that matches is asked for by what it matches, so that it need not be loaded for that. */
function askedOf({ isAll, keys }: Chosen, filter: string, kind: FileKind | undefined): EvictAsk {
  if (!isAll) return { names: [...keys], of: 'files' }
  const names = (kind === undefined ? KINDS : [kind]).map((one) => `${one}:**`)
  return {
    names,
    of: 'files',
    ...(kind === undefined ? {} : { kind }),
    ...(filter === '' ? {} : { filter }),
    exclude: [...keys],
  }
}

function Nothing() {
  const { files: words, images } = w()
  return (
    <Empty title={words.empty}>
      <p>{words.emptyMore}</p>
      <a class="button" href={href('/setup')}>
        {images.toSetup}
      </a>
    </Empty>
  )
}
