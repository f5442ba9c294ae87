import type { Signal } from '@preact/signals'
import { upstreamLabel } from '../../parts/upstream-label.ts'
import { w } from '../../words/words.ts'
import { type AmountKind, GOALS, type GoalForm, type GoalKind, isAboutImages } from './goal.ts'
import { PlatformFields } from './platform-fields.tsx'

interface GoalFieldsProps {
  readonly form: Signal<GoalForm>
  /** A share of the quota needs one. */
  readonly hasLimit: boolean
  /** Those with content. */
  readonly upstreams: readonly string[]
  readonly isDisabled: boolean
}

const hasAmount = (kind: GoalKind): kind is AmountKind => kind in w().cleanup.free.units

export function GoalFields({ form, hasLimit, upstreams, isDisabled }: GoalFieldsProps) {
  const words = w().cleanup.free
  const { kind: chosen } = form.value
  const kinds = GOALS.filter((kind) => kind !== 'to' || hasLimit)
  return (
    <fieldset class="goals" disabled={isDisabled}>
      <legend>{words.goal}</legend>
      {kinds.map((kind) => (
        <div key={kind} class="goal">
          <label class="option">
            <input
              type="radio"
              name="goal"
              checked={chosen === kind}
              onChange={() => (form.value = { ...form.value, kind })}
            />
            {words.goals[kind]}
          </label>
          {hasAmount(kind) && <Amount kind={kind} form={form} />}
          {kind === 'platforms' && chosen === kind && <PlatformFields form={form} />}
        </div>
      ))}
      {chosen !== 'expired' && <Scope form={form} upstreams={upstreams} />}
    </fieldset>
  )
}

function Amount({ kind, form }: { kind: AmountKind; form: Signal<GoalForm> }) {
  const words = w().cleanup.free
  const unit = words.units[kind]
  return (
    <label class="amount">
      <input
        type="number"
        min={kind === 'to' ? 0 : 1}
        max={kind === 'to' ? 100 : undefined}
        step={kind === 'free' ? 'any' : 1}
        inputMode="decimal"
        aria-label={`${words.goals[kind]}: ${words.amount} (${unit})`}
        value={form.value.amounts[kind]}
        onInput={(event) =>
          (form.value = {
            ...form.value,
            kind,
            amounts: { ...form.value.amounts, [kind]: event.currentTarget.valueAsNumber },
          })
        }
      />
      <span aria-hidden="true">{unit}</span>
    </label>
  )
}

/** Where the goal looks. */
function Scope({ form, upstreams }: { form: Signal<GoalForm>; upstreams: readonly string[] }) {
  const words = w().cleanup.free
  const { kind, upstream, filter } = form.value
  return (
    <div class="row scope">
      {upstreams.length > 1 && (
        <label class="amount">
          {words.upstream}
          <select
            value={upstream}
            onChange={(event) => (form.value = { ...form.value, upstream: event.currentTarget.value })}
          >
            <option value="">{w().common.all}</option>
            {upstreams.map((name) => (
              <option key={name} value={name}>
                {upstreamLabel(name)}
              </option>
            ))}
          </select>
        </label>
      )}
      {isAboutImages(kind) && (
        <label class="amount">
          {words.filter}
          <input
            type="text"
            class="filter-words"
            placeholder="idle:30d >100MiB"
            spellcheck={false}
            autocomplete="off"
            value={filter}
            onInput={(event) => (form.value = { ...form.value, filter: event.currentTarget.value })}
          />
        </label>
      )}
    </div>
  )
}
