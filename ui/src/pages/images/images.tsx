import { useSignal } from '@preact/signals'
import { ask } from '../../api.ts'
import { usePageKeys } from '../../keys.ts'
import { Beside } from '../../parts/beside.tsx'
import { FilterBar } from '../../parts/filter.tsx'
import { filterKinds, speaksOfImages, toFilter } from '../../parts/filter-words.ts'
import type { IconName } from '../../parts/icon.tsx'
import { Views } from '../../parts/views.tsx'
import { useResource } from '../../resource.ts'
import { go, href, query } from '../../router.ts'
import { w } from '../../words/words.ts'
import { FlatList } from './flat.tsx'
import './images.css'
import { Tree } from './tree.tsx'

type View = 'repositories' | 'tree' | 'images'

const VIEWS = ['repositories', 'tree', 'images'] as const
const ICONS: Readonly<Record<View, IconName>> = { repositories: 'list', tree: 'tree', images: 'images' }

/** Everything that is cached: as a list of repositories, as a tree of names, or image by image. */
export default function Images() {
  const words = w().images
  const text = query.value.get('q') ?? ''
  const filter = toFilter(text)
  const view = viewOf(query.value.get('view'), filter)
  const problem = useSignal<string | undefined>(undefined)
  const upstreams = useResource('upstreams', (signal) => ask('GET /tree', {}, signal))
  const names = upstreams.data?.items.map(({ path }) => path) ?? []
  usePageKeys({ t: turnTree })
  return (
    <>
      <div class="spread">
        <h1 tabIndex={-1}>{words.title}</h1>
        <Views
          label={words.views.label}
          shown={view}
          views={VIEWS.map((id) => ({
            id,
            title: words.views[id],
            icon: ICONS[id],
            to: href(addressOf(id)),
          }))}
        />
      </div>
      <FilterBar
        label={words.search}
        placeholder={words.searchPlaceholder}
        kinds={filterKinds(names)}
        problem={problem.value}
      />
      <Beside of="files" filter={filter} />
      {view === 'tree' ? (
        <Tree />
      ) : (
        <FlatList key={view} kind={view} filter={filter} onProblem={(text) => (problem.value = text)} />
      )}
    </>
  )
}

/** A tree has no rows that a search could leave out, and only images have tags and digests. */
function viewOf(asked: string | null, filter: string): View {
  if (filter !== '') return asked === 'images' || speaksOfImages(filter) ? 'images' : 'repositories'
  return asked === 'images' || asked === 'tree' ? asked : 'repositories'
}

/** As the address has it at this moment: the page may not have followed yet. */
function turnTree(): void {
  go(addressOf(query.value.get('view') === 'tree' ? 'repositories' : 'tree'))
}

function addressOf(view: View): string {
  const next = new URLSearchParams(query.value)
  next.delete('view')
  if (view !== 'repositories') next.set('view', view)
  if (view === 'tree') next.delete('q')
  return next.size === 0 ? '/images' : `/images?${next.toString()}`
}
