import { type Signal, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { SetupKind, SetupOptions } from '../../../../src/api/contract-setup.ts'
import { query, setQuery } from '../../router.ts'
import { session } from '../../session.ts'
import { w } from '../../words/words.ts'
import { handedKey, typedBase, typedCa } from './handed.ts'
import { isOfFiles } from './kinds.tsx'

/** So that not every letter is a request. */
const PAUSE_MS = 300

/**
 * What was chosen. Which registries, and how strictly, may come with a link; whose cache it is and whom to trust may
 * not: whoever sends a link would otherwise write the script that its reader runs as root.
 */
export function givenOptions(): Omit<SetupOptions, 'kind' | 'language'> {
  const given = (name: string): string => (query.value.get(name) ?? '').trim()
  const registries = given('registries')
    .split(/[\s,，、]+/)
    .filter((name) => name !== '')
  const base = typedBase.value.trim()
  const ca = typedCa.value.trim()
  const key = handedKey.value.trim()
  return {
    ...(base === '' ? {} : { base }),
    ...(registries.length === 0 ? {} : { registries }),
    ...(ca === '' ? {} : { ca }),
    ...(key === '' ? {} : { key }),
    ...(given('strict') === '' ? {} : { strict: true }),
  }
}

interface OptionsProps {
  readonly kind: SetupKind
}

/** What may be chosen; registries are for clients of images alone, and not all can go around the cache. */
export function Options({ kind }: OptionsProps) {
  const words = w().setup.options
  const isUsed = Object.keys(givenOptions()).length > 0
  return (
    <details class="card options" open={isUsed}>
      <summary>{words.title}</summary>
      <div class="fields">
        <TextField
          held={typedBase}
          label={words.base}
          hint={words.baseHint}
          example={session.value?.base ?? window.location.origin}
        />
        {!isOfFiles(kind) && <Registries />}
        <TextField held={typedCa} label={words.ca} hint={words.caHint} example="/etc/ssl/certs/my-ca.pem" />
        <TextField held={handedKey} label={words.key} hint={words.keyHint} />
      </div>
      {(kind === 'go' || !isOfFiles(kind)) && (
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
      )}
    </details>
  )
}

function Registries() {
  const words = w().setup.options
  const text = useSignal(query.peek().get('registries') ?? '')
  return (
    <TextField
      held={text}
      label={words.registries}
      hint={words.registriesHint}
      example={words.allRegistries}
      onPause={(registries) => setQuery({ registries })}
    />
  )
}

interface TextFieldProps {
  /** Where the text goes once it is typed; the page keeps it as long as it is open. */
  readonly held: Signal<string>
  readonly label: string
  readonly hint: string
  readonly example?: string
  readonly onPause?: (text: string) => void
}

function TextField({ held, label, hint, example, onPause }: TextFieldProps) {
  const text = useSignal(held.peek())
  useEffect(() => {
    if (text.value === held.peek()) return undefined
    const timer = setTimeout(() => {
      held.value = text.peek()
      onPause?.(text.peek())
    }, PAUSE_MS)
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
        {...(example === undefined ? {} : { placeholder: example })}
        value={text.value}
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
      <small class="quiet">{hint}</small>
    </label>
  )
}
