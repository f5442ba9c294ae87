import type { TokenRow } from '../../../../src/api/contract-session.ts'
import { ask } from '../../api.ts'
import { Ago } from '../../parts/small.tsx'
import type { Column } from '../../parts/table.tsx'
import { useResource } from '../../resource.ts'
import { w } from '../../words/words.ts'
import { Once } from './once.tsx'
import { Secrets } from './secrets.tsx'

/** One's own API tokens. */
export function Tokens({ user }: { readonly user: string }) {
  const source = useResource(user, (signal) => ask('GET /tokens', {}, signal))
  const { tokens: words, tabs } = w().settings
  return (
    <Secrets
      id="new-token"
      caption={tabs.tokens}
      words={words}
      source={source}
      add={(wanted) => ask('PUT /tokens', wanted)}
      remove={(name) => ask('DELETE /tokens', { name })}
      columnsOf={columnsOf}
      once={(secret, onDone) => <TokenOnce secret={secret} onDone={onDone} />}
    />
  )
}

function TokenOnce({ secret, onDone }: { readonly secret: string; readonly onDone: () => void }) {
  const words = w().settings.tokens
  const { origin } = window.location
  return (
    <Once
      title={words.once}
      lines={[
        { label: words.secret, text: secret },
        { label: words.use, text: `curl -H 'Authorization: Bearer ${secret}' ${origin}/api/v1/stats` },
      ]}
      onDone={onDone}
    />
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
