import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { SetupOptions } from '../../../../src/api/contract-setup.ts'
import { query, setQuery } from '../../router.ts'
import { session } from '../../session.ts'
import { w } from '../../words/words.ts'
import { handedKey } from './handed.ts'

type Field = 'base' | 'registries' | 'ca'

/** So that not every letter is a request. */
const PAUSE_MS = 300

/** What was chosen; the address holds all of it but the key. */
export function givenOptions(): Omit<SetupOptions, 'kind' | 'language'> {
  const given = (name: string): string => (query.value.get(name) ?? '').trim()
  const registries = given('registries')
    .split(/[\s,，、]+/)
    .filter((name) => name !== '')
  const base = given('base')
  const ca = given('ca')
  const key = handedKey.value.trim()
  return {
    ...(base === '' ? {} : { base }),
    ...(registries.length === 0 ? {} : { registries }),
    ...(ca === '' ? {} : { ca }),
    ...(key === '' ? {} : { key }),
    ...(given('strict') === '' ? {} : { strict: true }),
  }
}

export function Options() {
  const words = w().setup.options
  const isUsed = Object.keys(givenOptions()).length > 0
  return (
    <details class="card options" open={isUsed}>
      <summary>{words.title}</summary>
      <div class="fields">
        <TextField
          field="base"
          label={words.base}
          hint={words.baseHint}
          example={session.value?.base ?? window.location.origin}
        />
        <TextField
          field="registries"
          label={words.registries}
          hint={words.registriesHint}
          example={words.allRegistries}
        />
        <TextField field="ca" label={words.ca} hint={words.caHint} example="/etc/ssl/certs/my-ca.pem" />
        <Key />
      </div>
      <label class="row strict">
        <input
          type="checkbox"
          checked={query.value.has('strict')}
          onChange={(event) => setQuery({ strict: event.currentTarget.checked ? '1' : undefined })}
        />
        <span>
          <strong>{words.strict}</strong> <span class="quiet">{words.strictHint}</span>
        </span>
      </label>
    </details>
  )
}

interface TextFieldProps {
  readonly field: Field
  readonly label: string
  readonly hint: string
  readonly example: string
}

function TextField({ field, label, hint, example }: TextFieldProps) {
  const text = useSignal(query.peek().get(field) ?? '')
  useEffect(() => {
    if (text.value === (query.peek().get(field) ?? '')) return undefined
    const timer = setTimeout(() => setQuery({ [field]: text.peek() }), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [text.value])
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="text"
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        placeholder={example}
        value={text.value}
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
      <small class="quiet">{hint}</small>
    </label>
  )
}

function Key() {
  const words = w().setup.options
  const text = useSignal(handedKey.peek())
  useEffect(() => {
    const timer = setTimeout(() => (handedKey.value = text.peek()), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [text.value])
  return (
    <label class="field">
      <span>{words.key}</span>
      <input
        type="text"
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        value={text.value}
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
      <small class="quiet">{words.keyHint}</small>
    </label>
  )
}
