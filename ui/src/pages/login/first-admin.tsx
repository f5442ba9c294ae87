import { useSignal } from '@preact/signals'
import { ask, Failure } from '../../api.ts'
import { Icon } from '../../parts/icon.tsx'
import { wordsFor } from '../../parts/problem.tsx'
import { go, query } from '../../router.ts'
import { session } from '../../session.ts'
import { w } from '../../words/words.ts'
import { PasswordField } from './password-field.tsx'

/** Where the link leads that the first start prints. */
export default function FirstAdmin() {
  const words = w().session
  const user = useSignal('admin')
  const password = useSignal('')
  const problem = useSignal('')

  const submit = async (): Promise<void> => {
    const token = query.value.get('token') ?? ''
    try {
      session.value = await ask('POST /setup-admin', { token, user: user.value, password: password.value })
      go('/')
    } catch (error) {
      const isGone = error instanceof Failure && error.status === 403
      problem.value = isGone ? words.setUp.gone : error instanceof Failure ? wordsFor(error) : String(error)
    }
  }

  if (session.value?.canSetUp === false) return <h1 tabIndex={-1}>{words.setUp.gone}</h1>
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
    >
      <h1 tabIndex={-1}>{words.setUp.title}</h1>
      <p class="quiet">{words.setUp.lead}</p>
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
      <PasswordField
        label={words.password}
        autocomplete="new-password"
        value={password}
        rule={words.setUp.rule}
      />
      <button type="submit" class="primary">
        {words.setUp.submit}
      </button>
    </form>
  )
}
