import type { Signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { Icon } from '../../parts/icon.tsx'
import { w } from '../../words/words.ts'
import { PasswordField } from './password-field.tsx'

interface UserFormProps {
  readonly title: string
  readonly lead: string
  /** What was wrong with what was sent before; empty: nothing. */
  readonly problem: string
  readonly user: Signal<string>
  readonly password: Signal<string>
  readonly isNew?: boolean
  readonly action: string
  readonly isBusy?: boolean
  readonly onSubmit: () => Promise<void>
  /** Between the lead and the fields. */
  readonly children?: ComponentChildren
}

/** A user name and a password. */
export function UserForm(props: UserFormProps) {
  const { title, lead, problem, user, password, isNew = false, action, isBusy = false, onSubmit } = props
  const words = w().session
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault()
        void onSubmit()
      }}
    >
      <h1 tabIndex={-1}>{title}</h1>
      <p class="quiet">{lead}</p>
      {props.children}
      {problem !== '' && (
        <p class="banner bad" role="alert">
          <Icon name="fail" />
          {problem}
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
        value={password}
        {...(isNew
          ? { autocomplete: 'new-password' as const, rule: words.setUp.rule }
          : { autocomplete: 'current-password' as const })}
      />
      <button type="submit" class="primary" disabled={isBusy}>
        {action}
      </button>
    </form>
  )
}
