import { useSignal } from '@preact/signals'
import { ask } from '../../api.ts'
import { session } from '../../session.ts'
import { w } from '../../words/words.ts'
import { PasswordField } from '../login/password-field.tsx'
import { act } from './act.ts'

/** A new password for who is logged in. */
export function Password({ user }: { readonly user: string }) {
  const { password: words, users } = w().settings
  const old = useSignal('')
  const wanted = useSignal('')
  const isBusy = useSignal(false)
  const submit = async (): Promise<void> => {
    isBusy.value = true
    const put = async (): Promise<void> => {
      session.value = await ask('PUT /session/password', { old: old.value, new: wanted.value })
    }
    if (await act(put, users.saved(user))) old.value = wanted.value = ''
    isBusy.value = false
  }
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
    >
      <p class="quiet measure">{words.lead}</p>
      {/* For password managers. */}
      <input name="username" autocomplete="username" value={user} readOnly hidden />
      <PasswordField id="old" label={words.old} autocomplete="current-password" value={old} />
      <PasswordField label={users.password} autocomplete="new-password" value={wanted} rule={users.rule} />
      <p>
        <button type="submit" class="primary" disabled={isBusy.value}>
          {users.change}
        </button>
      </p>
    </form>
  )
}
