import { useSignal } from '@preact/signals'
import type { TestStep } from '../../../../src/api/contract-activity.ts'
import { ask, type Failure } from '../../api.ts'
import { span } from '../../format.ts'
import { Problem } from '../../parts/problem.tsx'
import { findingText } from '../../parts/said.ts'
import { Mark, type Tone } from '../../parts/small.tsx'
import { announce } from '../../parts/toasts.tsx'
import { asFailure } from '../../resource.ts'
import { loadServerWords, w } from '../../words/words.ts'

const TONES: Readonly<Record<TestStep['state'], Tone>> = { ok: 'ok', warn: 'warn', fail: 'bad' }

/** The one button here that asks an upstream. */
export function UpstreamTest({ name }: { name: string }) {
  const words = w().upstreams
  const steps = useSignal<readonly TestStep[] | undefined>(undefined)
  const failure = useSignal<Failure | undefined>(undefined)
  const isBusy = useSignal(false)
  const run = async (): Promise<void> => {
    isBusy.value = true
    failure.value = undefined
    try {
      const said = await ask('POST /upstreams/test', { name })
      await loadServerWords()
      steps.value = said.steps
      announce(verdictOf(name, said.steps))
    } catch (error) {
      failure.value = asFailure(error)
    } finally {
      isBusy.value = false
    }
  }
  return (
    <>
      <button
        type="button"
        title={words.testMeans}
        aria-disabled={isBusy.value}
        onClick={() => {
          if (!isBusy.value) void run()
        }}
      >
        {isBusy.value ? words.testing : words.test}
        <span class="unseen"> {name}</span>
      </button>
      {failure.value !== undefined && <Problem failure={failure.value} retry={() => void run()} />}
      {steps.value !== undefined && <Steps steps={steps.value} />}
    </>
  )
}

function verdictOf(name: string, steps: readonly TestStep[]): string {
  const words = w().upstreams
  const bad = steps.find(({ state }) => state !== 'ok')
  return bad === undefined ? words.allFine(name) : words.notFine(name, stepName(bad.name))
}

/** A newer server may take steps that this page has no word for. */
function stepName(name: string): string {
  const { steps } = w().upstreams
  return Object.hasOwn(steps, name) ? steps[name as keyof typeof steps] : name
}

function Steps({ steps }: { steps: readonly TestStep[] }) {
  const words = w().upstreams
  return (
    <ol class="test-steps">
      {steps.map((step, i) => {
        const { name, state, ms } = step
        const { detail, advice } = findingText(step)
        return (
          <li key={i}>
            <Mark tone={TONES[state]}>
              <strong>{stepName(name)}</strong>
              <span class="unseen"> {words.step[state]}</span>
            </Mark>
            <span class="quiet end">{ms === undefined ? '' : span(ms)}</span>
            <p class="name">{detail}</p>
            {advice !== '' && <p class="quiet name">{advice}</p>}
          </li>
        )
      })}
    </ol>
  )
}
