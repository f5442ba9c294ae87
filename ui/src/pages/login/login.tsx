import { useSignal } from '@preact/signals'
import { Failure } from '../../api.ts'
import { Icon } from '../../parts/icon.tsx'
import { wordsFor } from '../../parts/problem.tsx'
import { logIn, session } from '../../session.ts'
import { w } from '../../words/words.ts'
import { UserForm } from './user-form.tsx'

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
    <UserForm
      title={words.title}
      lead={words.lead}
      problem={problem.value}
      user={user}
      password={password}
      action={words.submit}
      isBusy={isBusy.value}
      onSubmit={submit}
    >
      {session.value?.canSetUp === true && (
        <p class="banner warn">
          <Icon name="info" />
          {words.noUsers}
        </p>
      )}
    </UserForm>
  )
}
