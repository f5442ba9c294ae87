import type { ConfigRow } from '../../../../src/api/contract-setup.ts'
import { ask } from '../../api.ts'
import { Problem } from '../../parts/problem.tsx'
import { Empty, Skeleton } from '../../parts/small.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { useResource } from '../../resource.ts'
import { query, setQuery } from '../../router.ts'
import { w } from '../../words/words.ts'

/** Every setting in force, with where it comes from. */
export function Configuration() {
  const { data, failure, reload } = useResource('config', (signal) => ask('GET /config', {}, signal))
  const words = w().settings.config
  if (data === undefined)
    return failure === undefined ? <Skeleton lines={8} /> : <Problem failure={failure} retry={reload} />
  const rows = data.items.filter(isWanted)
  return (
    <div class="stack">
      <p class="quiet">{words.lead}</p>
      <p>
        <span class="quiet">{words.file}</span> <code class="name">{data.file}</code>
      </p>
      <Filters shown={rows.length} />
      {rows.length === 0 ? (
        <Empty title={words.nothing} />
      ) : (
        <Table
          caption={w().settings.tabs.config}
          columns={columnsOf(data.file)}
          rows={rows}
          keyOf={(row) => row.key}
          total={rows.length}
        />
      )}
    </div>
  )
}

function isWanted({ key, value, origin, isDefault }: ConfigRow): boolean {
  if (isDefault && query.value.has('changed')) return false
  const wanted = (query.value.get('q') ?? '').toLowerCase()
  return `${key} ${value} ${origin}`.toLowerCase().includes(wanted)
}

function Filters({ shown }: { readonly shown: number }) {
  const words = w().settings.config
  return (
    <div class="row">
      <input
        type="search"
        placeholder={words.search}
        aria-label={words.search}
        value={query.value.get('q') ?? ''}
        onInput={(event) => setQuery({ q: event.currentTarget.value })}
      />
      <label class="row">
        <input
          type="checkbox"
          checked={query.value.has('changed')}
          onChange={(event) => setQuery({ changed: event.currentTarget.checked ? '1' : undefined })}
        />
        {words.changedOnly}
      </label>
      <span class="quiet" role="status">
        {words.shown(shown)}
      </span>
    </div>
  )
}

/** The file is named above the table: its name alone says where a line of it is. */
function columnsOf(file: string): readonly Column<ConfigRow>[] {
  const words = w().settings.config
  return [
    { id: 'key', title: words.key, cell: ({ key }) => <code class="name">{key}</code> },
    {
      id: 'value',
      title: words.value,
      cell: ({ value, isDefault }) =>
        value === '' || value === '""' ? (
          <span class="quiet">{words.empty}</span>
        ) : (
          <code class={isDefault ? 'name' : 'name changed'}>{value}</code>
        ),
    },
    {
      id: 'origin',
      title: words.origin,
      wide: true,
      cell: ({ origin, isDefault }) =>
        isDefault ? (
          <span class="quiet">{words.isDefault}</span>
        ) : (
          <code class="name">{origin.replace(file, file.split('/').at(-1) ?? file)}</code>
        ),
    },
  ]
}
