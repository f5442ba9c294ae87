import { useSignal } from '@preact/signals'
import { ask, Failure } from '../../api.ts'
import { wordsFor } from '../../parts/problem.tsx'
import { go, query } from '../../router.ts'
import { session } from '../../session.ts'
import { w } from '../../words/words.ts'
import { UserForm } from './user-form.tsx'

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
    <UserForm
      title={words.setUp.title}
      lead={words.setUp.lead}
      problem={problem.value}
      user={user}
      password={password}
      isNew
      action={words.setUp.submit}
      onSubmit={submit}
    />
  )
}
