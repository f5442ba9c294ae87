import type { KeyRow } from '../../../../src/api/contract-access.ts'
import { ask } from '../../api.ts'
import { number } from '../../format.ts'
import { Ago, Mark } from '../../parts/small.tsx'
import type { Column } from '../../parts/table.tsx'
import { useResource } from '../../resource.ts'
import { w } from '../../words/words.ts'
import { KeyOnce } from './key-once.tsx'
import { Secrets } from './secrets.tsx'

/** Pull keys: made here, shown once, taken back here. */
export function Keys() {
  const source = useResource('keys', (signal) => ask('GET /keys', {}, signal))
  const { keys: words, tabs } = w().settings
  return (
    <Secrets
      id="new-key"
      caption={tabs.keys}
      words={words}
      source={source}
      add={(wanted) => ask('PUT /keys', wanted)}
      remove={(name) => ask('DELETE /keys', { name })}
      columnsOf={columnsOf}
      once={(secret, onDone) => <KeyOnce secret={secret} onDone={onDone} />}
    />
  )
}

function columnsOf(revoke: (row: KeyRow) => void): readonly Column<KeyRow>[] {
  const words = w().settings
  return [
    {
      id: 'name',
      title: words.keys.name,
      cell: ({ name }) => <strong class="name">{name}</strong>,
    },
    {
      id: 'created',
      title: words.created,
      wide: true,
      cell: ({ createdAt, createdBy }) => (
        <>
          <Ago at={createdAt} /> <span class="quiet">{words.by(createdBy)}</span>
        </>
      ),
    },
    { id: 'expires', title: words.expiry.title, wide: true, cell: (row) => <Expiry row={row} /> },
    { id: 'used', title: words.lastUsed, cell: ({ lastUsedAt }) => <Ago at={lastUsedAt ?? 0} /> },
    {
      id: 'uses',
      title: words.keys.uses,
      align: 'end',
      wide: true,
      cell: ({ uses }) => number(uses),
    },
    {
      id: 'actions',
      title: w().settings.actions,
      align: 'end',
      cell: (row) => (
        <button type="button" aria-label={words.keys.revokeOf(row.name)} onClick={() => revoke(row)}>
          {words.keys.revoke}
        </button>
      ),
    },
  ]
}

function Expiry({ row: { expiresAt } }: { readonly row: KeyRow }) {
  const words = w().settings
  if (expiresAt === undefined) return <span class="quiet">{words.expiry.never}</span>
  return expiresAt < Date.now() ? <Mark tone="warn">{words.keys.expired}</Mark> : <Ago at={expiresAt} />
}
