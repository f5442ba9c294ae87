import { useSignal } from '@preact/signals'
import type { TokenRow } from '../../../../src/api/contract-session.ts'
import { ask } from '../../api.ts'
import { Icon } from '../../parts/icon.tsx'
import { Problem } from '../../parts/problem.tsx'
import { Ago, Empty, Skeleton } from '../../parts/small.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { useResource } from '../../resource.ts'
import { w } from '../../words/words.ts'
import { Lines } from '../home/lines.tsx'
import { act } from './act.ts'
import { SecretForm } from './secret-form.tsx'
import { Sure } from './sure.tsx'

/** One's own API tokens. */
export function Tokens({ user }: { readonly user: string }) {
  const { data, failure, reload } = useResource(user, (signal) => ask('GET /tokens', {}, signal))
  const made = useSignal<string | undefined>(undefined)
  const leaving = useSignal<TokenRow | undefined>(undefined)
  const words = w().settings.tokens
  if (data === undefined)
    return failure === undefined ? <Skeleton /> : <Problem failure={failure} retry={reload} />
  const create = (name: string, expiresAt: number | undefined): Promise<boolean> =>
    act(async () => {
      const ends = expiresAt === undefined ? {} : { expiresAt }
      made.value = (await ask('PUT /tokens', { name, ...ends })).secret
      reload()
    })
  const revoke = async (name: string): Promise<void> => {
    await act(() => ask('DELETE /tokens', { name }), words.revoked(name))
    reload()
  }
  const { value: gone } = leaving
  return (
    <div class="stack">
      <p class="quiet measure">{words.lead}</p>
      <section class="card stack" aria-labelledby="new-token">
        <h2 id="new-token">{words.add}</h2>
        <SecretForm hint={words.nameHint} onCreate={create} />
        {made.value !== undefined && (
          <TokenOnce secret={made.value} onDone={() => (made.value = undefined)} />
        )}
      </section>
      {data.items.length === 0 ? (
        <Empty title={words.none} />
      ) : (
        <Table
          caption={w().settings.tabs.tokens}
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

function TokenOnce({ secret, onDone }: { readonly secret: string; readonly onDone: () => void }) {
  const words = w().settings.tokens
  const { origin } = window.location
  return (
    <div class="once stack" role="status">
      <p class="row">
        <Icon name="key" /> <strong>{words.once}</strong>
      </p>
      <Lines
        lines={[
          { label: words.secret, text: secret },
          { label: words.use, text: `curl -H 'Authorization: Bearer ${secret}' ${origin}/api/v1/stats` },
        ]}
      />
      <p>
        <button type="button" onClick={onDone}>
          {w().settings.done}
        </button>
      </p>
    </div>
  )
}

function columnsOf(revoke: (row: TokenRow) => void): readonly Column<TokenRow>[] {
  const words = w().settings
  return [
    { id: 'name', title: words.tokens.name, cell: ({ name }) => <strong class="name">{name}</strong> },
    { id: 'created', title: words.created, wide: true, cell: ({ createdAt }) => <Ago at={createdAt} /> },
    {
      id: 'expires',
      title: words.expiry.title,
      wide: true,
      cell: ({ expiresAt }) =>
        expiresAt === undefined ? <span class="quiet">{words.expiry.never}</span> : <Ago at={expiresAt} />,
    },
    { id: 'used', title: words.lastUsed, cell: ({ lastUsedAt }) => <Ago at={lastUsedAt ?? 0} /> },
    {
      id: 'actions',
      title: w().settings.actions,
      align: 'end',
      cell: (row) => (
        <button type="button" aria-label={words.tokens.revokeOf(row.name)} onClick={() => revoke(row)}>
          {words.tokens.revoke}
        </button>
      ),
    },
  ]
}
