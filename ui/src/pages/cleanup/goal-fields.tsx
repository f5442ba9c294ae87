import type { Signal } from '@preact/signals'
import { w } from '../../words/words.ts'
import { GOALS, type GoalForm, type GoalKind } from './goal.ts'

interface GoalFieldsProps {
  readonly form: Signal<GoalForm>
  /** A share of the quota needs one. */
  readonly hasLimit: boolean
  readonly isDisabled: boolean
}

export function GoalFields({ form, hasLimit, isDisabled }: GoalFieldsProps) {
  const words = w().cleanup.free
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
              checked={form.value.kind === kind}
              onChange={() => (form.value = { ...form.value, kind })}
            />
            {words.goals[kind]}
          </label>
          {kind !== 'expired' && <Amount kind={kind} form={form} />}
        </div>
      ))}
    </fieldset>
  )
}

function Amount({ kind, form }: { kind: Exclude<GoalKind, 'expired'>; form: Signal<GoalForm> }) {
  const words = w().cleanup.free
  const unit = { free: words.gib, to: words.percent, idle: words.days }[kind]
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
            kind,
            amounts: { ...form.value.amounts, [kind]: event.currentTarget.valueAsNumber },
          })
        }
      />
      <span aria-hidden="true">{unit}</span>
    </label>
  )
}
