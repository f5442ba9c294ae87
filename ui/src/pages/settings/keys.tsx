import { useSignal } from '@preact/signals'
import type { KeyRow } from '../../../../src/api/contract.ts'
import { ask } from '../../api.ts'
import { number } from '../../format.ts'
import { Problem } from '../../parts/problem.tsx'
import { Ago, Empty, Mark, Skeleton } from '../../parts/small.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { useResource } from '../../resource.ts'
import { w } from '../../words/words.ts'
import { act } from './act.ts'
import { KeyOnce } from './key-once.tsx'
import { SecretForm } from './secret-form.tsx'
import { Sure } from './sure.tsx'

/** Pull keys: made here, shown once, taken back here. */
export function Keys() {
  const { data, failure, reload } = useResource('keys', (signal) => ask('GET /keys', {}, signal))
  const made = useSignal<string | undefined>(undefined)
  const leaving = useSignal<KeyRow | undefined>(undefined)
  const words = w().settings.keys
  if (data === undefined)
    return failure === undefined ? <Skeleton /> : <Problem failure={failure} retry={reload} />
  const create = (name: string, expiresAt: number | undefined): Promise<boolean> =>
    act(async () => {
      const ends = expiresAt === undefined ? {} : { expiresAt }
      made.value = (await ask('PUT /keys', { name, ...ends })).secret
      reload()
    })
  const revoke = async (name: string): Promise<void> => {
    await act(() => ask('DELETE /keys', { name }), words.revoked(name))
    reload()
  }
  const { value: gone } = leaving
  return (
    <div class="stack">
      <p class="quiet measure">{words.lead}</p>
      <section class="card stack" aria-labelledby="new-key">
        <h2 id="new-key">{words.add}</h2>
        <SecretForm hint={words.nameHint} onCreate={create} />
        {made.value !== undefined && <KeyOnce secret={made.value} onDone={() => (made.value = undefined)} />}
      </section>
      {data.items.length === 0 ? (
        <Empty title={words.none} />
      ) : (
        <Table
          caption={w().settings.tabs.keys}
          columns={columnsOf((row) => (leaving.value = row))}
          rows={data.items}
          keyOf={(row) => row.name}
        />
      )}
      {gone !== undefined && (
        <Sure
          title={words.sure(gone.name)}
          hint={words.sureHint}
          action={words.revoke}
          onYes={() => void revoke(gone.name)}
          onClose={() => (leaving.value = undefined)}
        />
      )}
    </div>
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
