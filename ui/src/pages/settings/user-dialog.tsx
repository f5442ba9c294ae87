import { useSignal } from '@preact/signals'
import type { UserRow } from '../../../../src/api/contract-session.ts'
import { ask } from '../../api.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { w } from '../../words/words.ts'
import { PasswordField } from '../login/password-field.tsx'
import { act } from './act.ts'
import { type Role, RoleSelect } from './role-select.tsx'

interface UserDialogProps {
  /** Whose password is changed; without, a user is made. */
  readonly user?: UserRow
  readonly onSaved: () => void
  readonly onClose: () => void
}

export function UserDialog({ user, onSaved, onClose }: UserDialogProps) {
  const words = w().settings.users
  const name = useSignal(user?.name ?? '')
  const role = useSignal<Role>('user')
  const password = useSignal('')
  const submit = async (): Promise<void> => {
    const made = user === undefined ? { role: role.value } : {}
    const put = () => ask('PUT /users', { name: name.value, password: password.value, ...made })
    if (!(await act(put, words.saved(name.value)))) return
    onSaved()
    onClose()
  }
  return (
    <Dialog title={user === undefined ? words.add : words.changeOf(user.name)} onClose={onClose}>
      <form
        class="form"
        id="user-form"
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        {user === undefined && (
          <>
            <label class="field">
              <span>{w().common.terms.name}</span>
              <input
                name="name"
                required
                autocomplete="off"
                autocapitalize="none"
                spellcheck={false}
                value={name.value}
                onInput={(event) => (name.value = event.currentTarget.value)}
              />
            </label>
            <label class="field">
              <span>{words.role}</span>
              <RoleSelect value={role.value} onChange={(chosen) => (role.value = chosen)} />
            </label>
          </>
        )}
        <PasswordField
          label={words.password}
          autocomplete="new-password"
          value={password}
          rule={words.rule}
        />
      </form>
      <footer>
        <button type="button" onClick={onClose}>
          {w().common.cancel}
        </button>
        <button type="submit" form="user-form" class="primary">
          {w().common.save}
        </button>
      </footer>
    </Dialog>
  )
}
