import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { TagState } from '../../../src/api/contract.ts'
import type { CheckedName } from '../../../src/api/contract-contents.ts'
import { ask } from '../api.ts'
import { areShortcutsOn, isTaken } from '../keys.ts'
import { asFailure } from '../resource.ts'
import { w } from '../words/words.ts'
import { Icon } from './icon.tsx'
import { wordsFor } from './problem.tsx'
import { Mark, type Tone } from './small.tsx'
import { toast } from './toasts.tsx'

/** Names that the server takes at once. */
const MOST = 100
const TONES: Readonly<Record<TagState, Tone>> = {
  fresh: 'ok',
  due: 'plain',
  expired: 'warn',
  moved: 'info',
  gone: 'bad',
}

/** How a tag stands with its upstream. */
export function TagMark({ state }: { state: TagState }) {
  return <Mark tone={TONES[state]}>{w().common.state[state]}</Mark>
}

/** A sign beside the name of what is no longer as it is upstream. */
export function News({ isGone, isMoved }: { isGone: boolean; isMoved: boolean }) {
  const state = isGone ? 'gone' : isMoved ? 'moved' : undefined
  if (state === undefined) return null
  const word = w().common.state[state]
  return (
    <span class={`mark news ${TONES[state]}`} title={word}>
      <Icon name={isGone ? 'fail' : 'info'} size={14} label={word} />
    </span>
  )
}

/** Asks upstreams whether they still have these images, and says what they said. Never rejects. */
export async function checkNames(names: readonly string[]): Promise<void> {
  const items: CheckedName[] = []
  try {
    for (let at = 0; at < names.length; at += MOST)
      items.push(...(await ask('POST /check', { names: names.slice(at, at + MOST) })).items)
  } catch (error) {
    toast(wordsFor(asFailure(error)), { tone: 'bad' })
  }
  const [first] = items
  if (first === undefined) return
  const count = (state: CheckedName['state']): number => items.filter((item) => item.state === state).length
  const failed = items.find(({ error }) => error !== undefined)?.error?.message
  const words = w().images
  const said =
    items.length === 1
      ? words.checkedOne[first.state]
      : words.checked(count('same'), count('moved'), count('gone'), count('failed'))
  toast(failed === undefined ? said : `${said} (${failed})`, failed === undefined ? {} : { tone: 'bad' })
}

/** Asks the upstream when it is pressed, or the key r. */
export function CheckButton({ name, onDone }: { name: string; onDone: () => void }) {
  const words = w().images
  const isBusy = useSignal(false)
  const run = async (): Promise<void> => {
    if (isBusy.value) return
    isBusy.value = true
    await checkNames([name])
    isBusy.value = false
    onDone()
  }
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey
      if (event.key === 'r' && isPlain && areShortcutsOn.value && !isTaken(event)) void run()
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [name])
  return (
    <button type="button" title={words.checkHint} disabled={isBusy.value} onClick={() => void run()}>
      <Icon name="upstreams" /> {words.check}
    </button>
  )
}
