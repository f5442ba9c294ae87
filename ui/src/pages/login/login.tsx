import { useSignal } from '@preact/signals'
import { Failure } from '../../api.ts'
import { Icon } from '../../parts/icon.tsx'
import { wordsFor } from '../../parts/problem.tsx'
import { logIn, session } from '../../session.ts'
import { w } from '../../words/words.ts'
import { PasswordField } from './password-field.tsx'

/** Stands in the place of a page that needs a login, which then is there. */
export default function Login() {
  const words = w().session
  const user = useSignal('')
  const password = useSignal('')
  const problem = useSignal('')
  const isBusy = useSignal(false)

  const submit = async (): Promise<void> => {
    isBusy.value = true
    problem.value = ''
    try {
      await logIn(user.value, password.value)
    } catch (error) {
      const isWrong = error instanceof Failure && error.status === 401
      problem.value = isWrong ? words.wrong : error instanceof Failure ? wordsFor(error) : String(error)
      password.value = ''
    } finally {
      isBusy.value = false
    }
  }

  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
    >
      <h1 tabIndex={-1}>{words.title}</h1>
      <p class="quiet">{words.lead}</p>
      {session.value?.canSetUp === true && (
        <p class="banner warn">
          <Icon name="info" />
          {words.noUsers}
        </p>
      )}
      {problem.value !== '' && (
        <p class="banner bad" role="alert">
          <Icon name="fail" />
          {problem.value}
        </p>
      )}
      <label class="field">
        <span>{words.user}</span>
        <input
          name="user"
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          required
          value={user.value}
          onInput={(event) => (user.value = event.currentTarget.value)}
        />
      </label>
      <PasswordField label={words.password} autocomplete="current-password" value={password} />
      <button type="submit" class="primary" disabled={isBusy.value}>
        {words.submit}
      </button>
    </form>
  )
}
