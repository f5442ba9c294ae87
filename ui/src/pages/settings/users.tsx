import { useSignal } from '@preact/signals'
import type { UserRow } from '../../../../src/api/contract-session.ts'
import { ask } from '../../api.ts'
import { Problem } from '../../parts/problem.tsx'
import { Empty, Mark, Skeleton } from '../../parts/small.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { useResource } from '../../resource.ts'
import { w } from '../../words/words.ts'
import { act } from './act.ts'
import { type Role, RoleSelect } from './role-select.tsx'
import { Sure } from './sure.tsx'
import { UserDialog } from './user-dialog.tsx'

/** Who may log in, and what they may do. */
export function Users() {
  const { data, failure, reload } = useResource('users', (signal) => ask('GET /users', {}, signal))
  const edited = useSignal<UserRow | 'new' | undefined>(undefined)
  const leaving = useSignal<UserRow | undefined>(undefined)
  const words = w().settings.users
  if (data === undefined)
    return failure === undefined ? <Skeleton /> : <Problem failure={failure} retry={reload} />
  const setRole = async (name: string, role: Role): Promise<void> => {
    await act(() => ask('PUT /users', { name, role }), words.saved(name))
    reload()
  }
  const remove = async (name: string): Promise<void> => {
    await act(() => ask('DELETE /users', { name }), words.removed(name))
    reload()
  }
  const { value: editing } = edited
  const { value: gone } = leaving
  return (
    <div class="stack">
      <div class="spread">
        <p class="quiet measure">{words.lead}</p>
        <button type="button" class="primary" onClick={() => (edited.value = 'new')}>
          {words.add}
        </button>
      </div>
      {data.items.length === 0 ? (
        <Empty title={words.none} />
      ) : (
        <Table
          caption={w().settings.tabs.users}
          columns={columnsOf({
            setRole: (row, role) => void setRole(row.name, role),
            edit: (row) => (edited.value = row),
            remove: (row) => (leaving.value = row),
          })}
          rows={data.items}
          keyOf={(row) => row.name}
        />
      )}
      {editing !== undefined && (
        <UserDialog
          {...(editing === 'new' ? {} : { user: editing })}
          onSaved={reload}
          onClose={() => (edited.value = undefined)}
        />
      )}
      {gone !== undefined && (
        <Sure
          title={words.sure(gone.name)}
          hint={words.sureHint}
          action={words.remove}
          onYes={() => void remove(gone.name)}
          onClose={() => (leaving.value = undefined)}
        />
      )}
    </div>
  )
}

interface Actions {
  readonly setRole: (row: UserRow, role: Role) => void
  readonly edit: (row: UserRow) => void
  readonly remove: (row: UserRow) => void
}

function columnsOf({ setRole, edit, remove }: Actions): readonly Column<UserRow>[] {
  const words = w().settings.users
  return [
    { id: 'name', title: w().common.terms.name, cell: ({ name }) => <strong class="name">{name}</strong> },
    {
      id: 'role',
      title: words.role,
      cell: (row) =>
        row.isFixed ? (
          <span title={words.fixed}>{words.roles[row.role]}</span>
        ) : (
          <RoleSelect
            label={words.roleOf(row.name)}
            value={row.role}
            onChange={(role) => setRole(row, role)}
          />
        ),
    },
    { id: 'hash', title: words.hash, wide: true, cell: ({ hash }) => <Hash hash={hash} /> },
    {
      id: 'actions',
      title: w().settings.actions,
      align: 'end',
      cell: (row) => (
        <span class="actions">
          <button type="button" aria-label={words.changeOf(row.name)} onClick={() => edit(row)}>
            {words.change}
          </button>
          <button type="button" aria-label={words.removeOf(row.name)} onClick={() => remove(row)}>
            {words.remove}
          </button>
        </span>
      ),
    },
  ]
}

function Hash({ hash }: { readonly hash: string }) {
  if (hash.startsWith('bcrypt')) return <span>{hash}</span>
  return (
    <span title={w().settings.users.oldHash}>
      <Mark tone="warn">{hash}</Mark>
    </span>
  )
}
